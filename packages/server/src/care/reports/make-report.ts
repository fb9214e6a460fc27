import type { ReportDetail, ReportKind, ReportSection } from '@yumops/protocol';
import { messageOf } from '../../lib/errors.ts';
import { formatWallTime, wallTimeAt } from '../../lib/zoned-time.ts';
import { plural } from './format.ts';
import { type Observation, rankTodo } from './observation.ts';
import type { Period } from './period.ts';
import type { SectionSource } from './section.ts';

/** What a report says, without what becomes of it. */
export type ReportContent = Omit<ReportDetail, 'id' | 'madeAt' | 'madeBy' | 'sent'>;

export const REPORT_NAMES: Readonly<Record<ReportKind, string>> = {
  daily: 'Daily log analysis',
  weekly: 'Weekly performance review',
  monthly: 'Monthly review',
  quarterly: 'Quarterly review',
};

/**
 * Reads every section and ranks what is to be done. A section that cannot be read is told as unknown, with the reason.
 * Sections are read one after the other: a report has time, and the stores serve people meanwhile.
 * @param onSection is told how far it is
 */
export async function makeReport(
  sources: readonly SectionSource[],
  period: Period,
  about: { service: string; publicUrl: string },
  onSection: (done: number, total: number, title: string) => void = () => undefined,
): Promise<ReportContent> {
  const mine = sources.filter(({ kinds }) => kinds.includes(period.kind));
  const sections: ReportSection[] = [];
  const observations: Observation[] = [];
  for (const [index, source] of mine.entries()) {
    onSection(index, mine.length, source.title);
    const read = await readSection(source, period);
    sections.push(read.section);
    observations.push(...read.observations);
  }
  const todo = rankTodo(observations);
  const { kind, timeZone, from, to, before } = period;
  const iso = (at: number) => new Date(at).toISOString();
  return {
    ...about,
    kind,
    title: `${REPORT_NAMES[kind]} of ${about.service}, ${spanText(period)}`,
    ...{ from: iso(from), to: iso(to), timeZone },
    comparedWith: { from: iso(before.from), to: iso(before.to) },
    sentence: sentenceOf(sections, todo[0]?.title),
    todo,
    considered: observations.length,
    sections,
  };
}

async function readSection(source: SectionSource, period: Period) {
  const { key, title } = source;
  const empty = { figures: [], tables: [], charts: [], changes: [] };
  try {
    const { unknown, observations = [], ...content } = await source.read(period);
    const section: ReportSection =
      unknown === undefined
        ? { key, title, state: 'known', note: null, ...empty, ...content }
        : { key, title, state: 'unknown', note: unknown, ...empty };
    return { section, observations };
  } catch (error) {
    const note = `It could not be read: ${messageOf(error)}`;
    return { section: { key, title, state: 'unknown' as const, note, ...empty }, observations: [] };
  }
}

/** `2026-11-23 to 2026-11-29`; with the time where it does not begin at midnight. */
function spanText({ from, to, timeZone }: Period): string {
  const wall = (at: number) => formatWallTime(wallTimeAt(at, timeZone)).replace('T', ' ');
  if (!wall(from).endsWith('00:00') || !wall(to).endsWith('00:00')) return `${wall(from)} to ${wall(to)} ${timeZone}`;
  const [first, last] = [wall(from).slice(0, 10), wall(to - 1).slice(0, 10)];
  return first === last ? first : `${first} to ${last}`;
}

function sentenceOf(sections: readonly ReportSection[], first: string | undefined): string {
  const count = (direction: 'better' | 'worse') =>
    sections.reduce((sum, { changes }) => sum + changes.filter((one) => one.direction === direction).length, 0);
  const [worse, better] = [count('worse'), count('better')];
  const unknown = sections.filter(({ state }) => state === 'unknown').length;
  const changed =
    worse + better === 0
      ? 'Nothing changed beyond what chance explains'
      : `${plural(worse, 'change')} for the worse, ${better.toLocaleString('en')} for the better`;
  const blind = unknown === 0 ? '' : ` ${plural(unknown, 'section')} ${unknown === 1 ? 'is' : 'are'} unknown.`;
  return `${changed}.${blind} ${first === undefined ? 'There is nothing to do.' : `First to do: ${first}.`}`;
}
