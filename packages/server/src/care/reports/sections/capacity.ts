import type { CapacityLine } from '../../scaling/index.ts';
import type { Observation } from '../observation.ts';
import { pageOf, type SectionSource } from '../section.ts';

/** A limit that is further off is nothing to do about yet. */
const SOON_DAYS = 90;

/** Capacity: which resource reaches its limit when, the most urgent first. */
export function capacitySection(deps: { capacity(): Promise<readonly CapacityLine[]> }): SectionSource {
  return {
    key: 'capacity',
    title: 'Capacity',
    kinds: ['monthly', 'quarterly'],
    async read() {
      const lines = await deps.capacity();
      if (lines.length === 0) return { unknown: 'Nothing was measured yet.' };
      return { tables: [tableOf(lines)], observations: lines.flatMap(observe) };
    },
  };
}

const days = (value: number | null) => (value === null ? null : Math.floor(value));

function tableOf(lines: readonly CapacityLine[]) {
  return {
    title: 'Days to the limit',
    columns: [
      { label: 'Resource', unit: null },
      { label: 'Outlook', unit: null },
      ...['Expected, days', 'Earliest', 'Latest', 'Hourly values'].map((label) => ({ label, unit: 'count' as const })),
    ],
    rows: lines.map((line) => ({
      href: pageOf('/scaling', { resource: line.id }),
      cells: [
        line.title,
        line.sentence.slice(line.title.length + 2, -1),
        days(line.days),
        days(line.earliest),
        days(line.latest),
        line.samples,
      ],
    })),
    more: 0,
  };
}

function observe({ id, title, state, days: expected, sentence, samples }: CapacityLine): Observation[] {
  if (state !== 'full' && (expected === null || expected >= SOON_DAYS)) return [];
  return [
    {
      code: 'near_limit',
      subject: id,
      title: `Make room: ${title}`,
      reason: sentence,
      evidence: [`${samples} hourly values`],
      href: pageOf('/scaling', { resource: id }),
      size: 1 - (expected ?? 0) / SOON_DAYS,
      reach: null,
      fresh: true,
    },
  ];
}
