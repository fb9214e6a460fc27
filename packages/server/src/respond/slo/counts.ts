import type { TelemetryStore } from '../../lib/telemetry.ts';
import { classLimit, type Indicator, type Span } from '../alerting/index.ts';

const COLUMNS: ReadonlySet<string> = new Set(['project', 'service', 'environment', 'release']);
const LIMIT_SECONDS = 15;

/** Events of a stretch of time. */
export interface Counts {
  total: number;
  bad: number;
}

type Params = Record<string, unknown>;

/** Events of every UTC day of `[from, to)` (ms) that has any, without the excluded spans; the day as its first instant. */
export async function countByDay(
  telemetry: TelemetryStore,
  indicator: Indicator,
  range: Span,
  excluded: readonly Span[],
): Promise<(Counts & { day: number })[]> {
  const { where, bad, params } = conditions(indicator, range, excluded);
  const rows = await telemetry.query<Counts & { day: number }>(
    `SELECT toUInt64(toUnixTimestamp(toStartOfDay(m.at - 1, 'UTC'))) * 1000 AS day, sum(m.count) AS total, ${bad} AS bad
     FROM rule_minutes AS m WHERE ${where} GROUP BY day ORDER BY day`,
    params,
    { maxSeconds: LIMIT_SECONDS },
  );
  return rows.map(({ day, total, bad: failed }) => ({ day: Number(day), total: Number(total), bad: Number(failed) }));
}

/** Events of `[from, to)`, to the minute, without the excluded spans. */
export async function countIn(
  telemetry: TelemetryStore,
  indicator: Indicator,
  range: Span,
  excluded: readonly Span[],
): Promise<Counts> {
  const { where, bad, params } = conditions(indicator, range, excluded);
  const [row] = await telemetry.query<Counts>(
    `SELECT sum(m.count) AS total, ${bad} AS bad FROM rule_minutes AS m WHERE ${where}`,
    params,
    { maxSeconds: LIMIT_SECONDS },
  );
  return { total: Number(row?.total ?? 0), bad: Number(row?.bad ?? 0) };
}

/** Events of the last `lengths` (ms) until `now`, to the second, without the excluded spans; at most 7 days back. */
export async function countBack(
  telemetry: TelemetryStore,
  indicator: Indicator,
  now: number,
  lengths: readonly number[],
  excluded: readonly Span[],
): Promise<Counts[]> {
  const longest = Math.max(0, ...lengths);
  const { where, slow, params } = conditions(indicator, { start: now - longest, end: now }, excluded);
  const columns = lengths.map((length, index) => {
    params[`since${index}`] = seconds(now - length);
    const inside = `toUnixTimestamp(m.at) > {since${index}:UInt32}`;
    return `sumIf(m.count, ${inside}) AS total${index}, sumIf(${slow}, ${inside}) AS bad${index}`;
  });
  const [row = {}] = await telemetry.query<Record<string, number>>(
    `SELECT ${columns.join(', ')} FROM rule_buckets AS m WHERE ${where}`,
    params,
    { maxSeconds: LIMIT_SECONDS },
  );
  return lengths.map((_, index) => ({
    total: Number(row[`total${index}`] ?? 0),
    bad: Number(row[`bad${index}`] ?? 0),
  }));
}

/** A row holds what happened in the minute or second that ends at `at`. */
function conditions(indicator: Indicator, range: Span, excluded: readonly Span[]) {
  const { series, labels, projects, environments, underMs } = indicator;
  const params: Params = { series, from: seconds(range.start), to: seconds(range.end) };
  const all = [
    'm.series = {series:String}',
    "m.at > toDateTime({from:UInt32}, 'UTC')",
    "m.at <= toDateTime({to:UInt32}, 'UTC')",
  ];
  for (const [index, [name, value]] of Object.entries(labels).entries()) {
    params[`value${index}`] = value;
    if (COLUMNS.has(name)) all.push(`m.${name} = {value${index}:String}`);
    else {
      params[`label${index}`] = name;
      all.push(`JSONExtractString(m.labels, {label${index}:String}) = {value${index}:String}`);
    }
  }
  for (const [name, allowed] of [
    ['project', projects],
    ['environment', environments],
  ] as const) {
    if (allowed.length === 0) continue;
    params[name] = allowed;
    all.push(`m.${name} IN {${name}:Array(String)}`);
  }
  for (const [index, span] of excluded.entries()) {
    params[`out${index}`] = seconds(span.start);
    params[`in${index}`] = seconds(span.end);
    all.push(`NOT (toUnixTimestamp(m.at) > {out${index}:UInt32} AND toUnixTimestamp(m.at) <= {in${index}:UInt32})`);
  }
  if (underMs !== null) params['limit'] = classLimit(underMs);
  const slow =
    underMs === null
      ? 'm.bad'
      : 'arraySum(arrayMap((class, amount) -> if(class > {limit:Int16}, amount, 0), mapKeys(m.classes), mapValues(m.classes)))';
  return { where: all.join(' AND '), slow, bad: `sum(${slow})`, params };
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000));
}
