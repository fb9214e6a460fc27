import type {
  BrowserCall,
  LongFrame,
  PageLoads,
  VitalCause,
  VitalFigures,
  VitalGroup,
  VitalName,
} from '@yumops/protocol';
import { YumOpsError } from '../../lib/errors.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { ratingOf } from './rating.ts';

/** By what page views can be told apart. */
export const VITAL_DIMENSIONS = ['route', 'device', 'country', 'release'] as const;
export type VitalDimension = (typeof VITAL_DIMENSIONS)[number];

/** Which page views. Times in milliseconds since the epoch. */
export interface VitalSelection {
  from: number;
  to: number;
  /** Values by dimension; others are not looked at. */
  only: Partial<Record<VitalDimension, string>>;
}

/** The order in which vitals are told. */
export const VITAL_ORDER: readonly VitalName[] = ['LCP', 'INP', 'CLS', 'FCP', 'TTFB'];
const MOST_GROUPS = 200;

interface Row extends Omit<VitalFigures, 'rating'> {
  key: string;
}

/** p75 and shares of every vital, by the values of one dimension, those with most page views first. */
export async function readVitals(
  telemetry: TelemetryStore,
  selection: VitalSelection,
  by: VitalDimension,
): Promise<VitalGroup[]> {
  const { where, params } = whereOf(selection);
  const rows = await telemetry.query<Row>(
    `SELECT ifNull(toString(${by}), '') AS key, ${FIGURES} FROM web_vitals WHERE ${where} GROUP BY key, name`,
    params,
  );
  return grouped(rows).slice(0, MOST_GROUPS);
}

/** The same of all page views together. */
export async function readVitalsTotal(telemetry: TelemetryStore, selection: VitalSelection): Promise<VitalGroup> {
  const { where, params } = whereOf(selection);
  const sql = `SELECT '' AS key, ${FIGURES} FROM web_vitals WHERE ${where} GROUP BY name`;
  const [all] = grouped(await telemetry.query<Row>(sql, params));
  return all ?? { key: '', views: 0, vitals: [] };
}

const FIGURES = `name, quantileExactInclusive(0.75)(value) AS p75, count() AS count,
  countIf(rating = 'good') / count() AS good, countIf(rating = 'needs-improvement') / count() AS needsImprovement,
  countIf(rating = 'poor') / count() AS poor`;

function grouped(rows: readonly Row[]): VitalGroup[] {
  const groups = new Map<string, VitalGroup>();
  for (const { key, ...figures } of rows) {
    const group = groups.get(key) ?? { key, views: 0, vitals: [] };
    group.views = Math.max(group.views, figures.count);
    group.vitals.push({ ...figures, rating: ratingOf(figures.name, figures.p75) });
    groups.set(key, group);
  }
  for (const { vitals } of groups.values())
    vitals.sort((a, b) => VITAL_ORDER.indexOf(a.name) - VITAL_ORDER.indexOf(b.name));
  return [...groups.values()].sort((a, b) => b.views - a.views || a.key.localeCompare(b.key));
}

/** Conditions of a selection over `web_vitals` or `browser_timings`, with their parameters. */
export function whereOf({ from, to, only }: VitalSelection) {
  const named = VITAL_DIMENSIONS.filter((dimension) => only[dimension] !== undefined);
  const where = [
    'timestamp >= fromUnixTimestamp64Milli({from:Int64})',
    'timestamp < fromUnixTimestamp64Milli({to:Int64})',
  ];
  for (const dimension of named) where.push(`ifNull(toString(${dimension}), '') = {${dimension}:String}`);
  const values = Object.fromEntries(named.map((dimension) => [dimension, only[dimension]]));
  return { where: where.join(' AND '), params: { from, to, ...values } };
}

/** What page views with a bad value of a vital had in common: the element, or else the phase that took longest. */
export async function readCauses(
  telemetry: TelemetryStore,
  selection: VitalSelection,
  name: VitalName,
): Promise<VitalCause[]> {
  const { where, params } = whereOf(selection);
  const pick = ['target', 'interactionTarget', 'largestShiftTarget', 'url']
    .map((fact) => `nullIf(JSONExtractString(attribution, '${fact}'), '')`)
    .join(', ');
  return telemetry.query<VitalCause>(
    `SELECT coalesce(${pick}) AS cause, quantileExactInclusive(0.75)(value) AS p75, count() AS count
     FROM web_vitals WHERE ${where} AND name = {name:String} AND rating != 'good' AND attribution != '{}'
     GROUP BY cause HAVING isNotNull(cause) ORDER BY count * p75 DESC LIMIT 20`,
    { ...params, name },
  );
}

/** API calls as browsers saw them, those that cost people most time first. */
export async function readCalls(telemetry: TelemetryStore, selection: VitalSelection): Promise<BrowserCall[]> {
  const { where, params } = whereOf(selection);
  return telemetry.query<BrowserCall>(
    `SELECT ifNull(method, 'GET') AS method, name, count() AS count, quantileExactInclusive(0.75)(ifNull(duration, 0)) AS p75,
       countIf(success = false) / count() AS failed
     FROM browser_timings WHERE kind = 'api_response_time' AND ${where}
     GROUP BY method, name ORDER BY count * p75 DESC LIMIT 50`,
    params,
  );
}

/** Scripts that kept frames of pages from being drawn, those that cost people most time first. */
export async function readFrames(telemetry: TelemetryStore, selection: VitalSelection): Promise<LongFrame[]> {
  const { where, params } = whereOf(selection);
  return telemetry.query<LongFrame>(
    `SELECT name AS script, JSONExtractString(details, 'function') AS function, count() AS count,
       uniqExact(sessionId) AS sessions, quantileExactInclusive(0.75)(ifNull(duration, 0)) AS p75
     FROM browser_timings WHERE kind = 'long_animation_frame' AND ${where}
     GROUP BY script, function ORDER BY count * p75 DESC LIMIT 50`,
    params,
  );
}

const PHASES = [
  'dnsLookup',
  'tcpConnection',
  'serverResponse',
  'domProcessing',
  'resourceLoading',
  'totalLoadTime',
] as const satisfies readonly (keyof PageLoads['phases'])[];

interface LoadsRow extends Record<(typeof PHASES)[number], number | null> {
  count: number;
  told: number;
  files: number;
  bytes: number;
  cached: number;
}

/** What page loads spent their time on, and what they brought with them. */
export async function readLoads(telemetry: TelemetryStore, selection: VitalSelection): Promise<PageLoads> {
  const { where, params } = whereOf(selection);
  const p75 = (value: string) => `quantileExactInclusive(0.75)(${value})`;
  const fact = (name: string) => `JSONExtractUInt(details, '${name}')`;
  const [row] = await telemetry.query<LoadsRow>(
    `SELECT count() AS count, ${PHASES.map((phase) => `${p75(phase)} AS ${phase}`).join(', ')},
       countIf(details != '{}') AS told, ifNotFinite(quantileExactInclusiveIf(0.75)(${fact('count')}, details != '{}'), 0) AS files,
       ifNotFinite(quantileExactInclusiveIf(0.75)(${fact('bytes')}, details != '{}'), 0) AS bytes,
       sum(${fact('cached')}) / greatest(sum(${fact('count')}), 1) AS cached
     FROM browser_timings WHERE kind = 'page_load_timing' AND ${where}`,
    params,
  );
  if (!row) throw new YumOpsError('no_answer', 'The telemetry store did not count the page loads.');
  const { count, told, files, bytes, cached } = row;
  const phases = Object.fromEntries(PHASES.map((phase) => [phase, row[phase] ?? null])) as PageLoads['phases'];
  return { count, phases, resources: told === 0 ? null : { files, bytes, cached } };
}
