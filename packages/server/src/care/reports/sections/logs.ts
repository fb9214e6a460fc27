import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { findShareShift, type Share } from '../compare/counts.ts';
import { findShift, type Point, pairUp } from '../compare/paired.ts';
import { formatAt, formatRatio, formatValue, plural } from '../format.ts';
import type { Observation } from '../observation.ts';
import { type Period, REPORT_KINDS, type Span, stepOf } from '../period.ts';
import { pageOf, type SectionContent, type SectionSource } from '../section.ts';
import { asChart } from '../series.ts';

const SHOWN = 15;
/** Events that come half as often, or twice, are news. */
const LEAST_RATIO = 1.5;
/** Hours of fewer events are not compared. */
const LEAST_EVENTS = 5;
const LIMITS = { maxSeconds: 30 };

interface StepRow {
  type: string;
  event: string;
  at: number;
  lines: number;
  errors: number;
}

function readSteps(telemetry: Pick<TelemetryStore, 'query'>, { from, to }: Span, stepMs: number): Promise<StepRow[]> {
  return telemetry.query<StepRow>(
    `SELECT type, event, intDiv(toUnixTimestamp(r.at), {step:UInt32}) * {step:UInt32} * 1000 AS at, sum(r.lines) AS lines,
       sumIf(r.lines, level IN ('error', 'fatal')) AS errors
     FROM log_rollup AS r WHERE r.at >= toDateTime({from:UInt32}, 'UTC') AND r.at < toDateTime({to:UInt32}, 'UTC')
     GROUP BY type, event, at ORDER BY at`,
    { from: from / 1_000, to: to / 1_000, step: stepMs / 1_000 },
    LIMITS,
  );
}

/** The log: lines, errors among them, security events and what matters to the business. */
export function logSection({ telemetry }: { telemetry: Pick<TelemetryStore, 'query'> }): SectionSource {
  return {
    key: 'logs',
    title: 'Log',
    kinds: REPORT_KINDS,
    async read(period) {
      const stepMs = stepOf(period.kind);
      const [now, before] = await Promise.all([
        readSteps(telemetry, period, stepMs),
        readSteps(telemetry, period.before, stepMs),
      ]);
      if (now.length === 0) return { unknown: 'No log line was stored in this time.' };
      return contentOf(now, before, period, stepMs);
    },
  };
}

const linesOf = (rows: readonly StepRow[]) => rows.reduce((sum, { lines }) => sum + lines, 0);
const errorsOf = (rows: readonly StepRow[]) => rows.reduce((sum, { errors }) => sum + errors, 0);
const ofType = (rows: readonly StepRow[], type: string) => rows.filter((row) => row.type === type);

function contentOf(
  now: readonly StepRow[],
  before: readonly StepRow[],
  period: Period,
  stepMs: number,
): SectionContent {
  const old = before.length === 0 ? null : before;
  const logs = (q: string) => pageOf('/logs', { q }, period);
  const share = (rows: readonly StepRow[]) => (100 * errorsOf(rows)) / linesOf(rows);
  return {
    figures: [
      { label: 'Lines', value: linesOf(now), unit: 'count', before: old && linesOf(old), href: logs('') },
      {
        label: 'Errors among them',
        value: share(now),
        unit: '%',
        before: old && share(old),
        href: logs('level:error'),
      },
      {
        ...{ label: 'Security events', value: linesOf(ofType(now, 'security')), unit: 'count' },
        before: old && linesOf(ofType(old, 'security')),
        href: logs('type:security'),
      },
      {
        ...{ label: 'Business events', value: linesOf(ofType(now, 'business')), unit: 'count' },
        before: old && linesOf(ofType(old, 'business')),
        href: logs('type:business'),
      },
    ],
    tables: [
      eventTable('Security events', 'security', now, old, period),
      eventTable('Business events', 'business', now, old, period),
    ].filter(({ rows }) => rows.length > 0),
    charts: [
      asChart(
        { title: 'Error lines', unit: 'count', href: logs('level:error') },
        {
          now: now.map(({ at, errors }) => [at, errors]),
          before: old?.map(({ at, errors }) => [at, errors] as const) ?? null,
        },
        period,
        stepMs,
      ),
    ],
    ...changesOf(now, before, period),
  };
}

function eventTable(
  title: string,
  type: string,
  now: readonly StepRow[],
  old: readonly StepRow[] | null,
  period: Period,
) {
  const events = [...countsOf(ofType(now, type))].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const before = countsOf(ofType(old ?? [], type));
  return {
    title,
    columns: [
      { label: 'Event', unit: null },
      { label: 'Count', unit: 'count' as const },
      { label: 'Before', unit: 'count' as const },
    ],
    rows: events.slice(0, SHOWN).map(([event, count]) => ({
      href: pageOf('/logs', { q: `type:${type} event:"${event}"` }, period),
      cells: [event === '' ? 'without a name' : event, count, old && (before.get(event) ?? 0)],
    })),
    more: Math.max(0, events.length - SHOWN),
  };
}

function countsOf(rows: readonly StepRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { event, lines } of rows) counts.set(event, (counts.get(event) ?? 0) + lines);
  return counts;
}

function changesOf(now: readonly StepRow[], before: readonly StepRow[], period: Period) {
  const changes: NonNullable<SectionContent['changes']> = [];
  const observations: Observation[] = [];
  const shares = (rows: readonly StepRow[]): Share[] => {
    const steps = new Map<number, Share>();
    for (const { at, lines, errors } of rows) {
      const { total, bad } = steps.get(at) ?? { total: 0, bad: 0 };
      steps.set(at, { at, total: total + lines, bad: bad + errors });
    }
    return [...steps.values()];
  };
  const shift = findShareShift(shares(before), shares(now), { tried: 1 });
  if (shift) {
    const worse = shift.after > shift.before;
    const numbers = `${formatValue(100 * shift.after, '%')} against ${formatValue(100 * shift.before, '%')}`;
    const since = formatAt(shift.since, period.timeZone);
    const sample = `${shift.bad.toLocaleString('en')} of ${plural(shift.total, 'line')}`;
    const href = pageOf('/logs', { q: 'level:error' }, { from: shift.since, to: period.to });
    changes.push({
      ...{ direction: worse ? 'worse' : 'better', rule: 'share of failures', sample, href },
      text: `${worse ? 'More' : 'Fewer'} lines of the log are errors since ${since}: ${numbers}`,
    });
    if (worse) {
      observations.push({
        ...{ code: 'more_failures_logged', subject: 'log', href, evidence: [sample], fresh: true },
        title: 'Find out why more is logged as an error',
        reason: `${numbers} since ${since}.`,
        size: shift.after * 5,
        reach: null,
      });
    }
  }
  for (const type of ['security', 'business']) changes.push(...eventChanges(type, now, before, period));
  return { changes, observations };
}

function eventChanges(type: string, now: readonly StepRow[], before: readonly StepRow[], period: Period) {
  const events = [...countsOf(ofType(now, type)).keys()];
  const points = (rows: readonly StepRow[], event: string): Point[] =>
    ofType(rows, type)
      .filter((row) => row.event === event)
      .map(({ at, lines }) => ({ at, value: lines, count: lines }));
  return events.flatMap((event) => {
    const pairs = pairUp(points(before, event), points(now, event), LEAST_EVENTS);
    const shift = findShift(pairs, { tried: events.length, least: LEAST_RATIO });
    if (!shift) return [];
    const more = shift.ratio > 1;
    return {
      direction: type === 'security' ? (more ? ('worse' as const) : ('better' as const)) : ('other' as const),
      text: `${event} comes ${more ? 'more' : 'less'} often since ${formatAt(shift.since, period.timeZone)}: ${formatRatio(shift.ratio)} an hour`,
      rule: 'hours of the week',
      sample: `${plural(shift.pairs, 'hour')} of at least ${LEAST_EVENTS} events`,
      href: pageOf('/logs', { q: `type:${type} event:"${event}"` }, { from: shift.since, to: period.to }),
    };
  });
}
