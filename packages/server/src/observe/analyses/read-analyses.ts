import type { BusinessAnalysis, EndpointAnalysis, ErrorRateAnalysis, SecurityAnalysis } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { type AnalysisSelection, emptySeries, overRollup, type StepRow, seriesByKey, stepsOf, told } from './steps.ts';

type Reader = Pick<TelemetryStore, 'query'>;

/** Endpoints whose course is told; more cannot be told apart in a chart. */
const MOST_DRAWN = 12;
/** Kinds that an answer lists at most. */
const MOST_ITEMS = 50;
const LIMITS = { maxSeconds: 20 };

/** Lines of the log and errors among them over time. */
export async function readErrorRate(store: Reader, selection: AnalysisSelection): Promise<ErrorRateAnalysis> {
  const grid = stepsOf(selection);
  const { where, step, params } = overRollup(selection, grid);
  const rows = await store.query<{ step: number; lines: number; errors: number }>(
    `SELECT ${step} AS step, sum(log_rollup.lines) AS lines, sumIf(log_rollup.lines, level IN ('error', 'fatal')) AS errors
     FROM log_rollup WHERE ${where} GROUP BY step`,
    params,
    LIMITS,
  );
  const lines = emptySeries(grid.steps, 0);
  const errors = emptySeries(grid.steps, 0);
  for (const row of rows) {
    lines[row.step] = row.lines;
    errors[row.step] = row.errors;
  }
  return { ...told(grid), lines, errors };
}

/** Widths in seconds that routes are counted by, the widest first. */
const ENDPOINT_WIDTHS = [21_600, 3_600, 900];

/** Where routes and their durations of some steps are counted, with the 95th percentile of what is summed up as `places`. */
function endpointSource(stepMs: number) {
  const width = ENDPOINT_WIDTHS.find((one) => stepMs % (one * 1_000) === 0);
  return width === undefined ? ofLogRollup : { ...ofEndpointRollup, where: `width = ${width}` };
}

/** Classes are 2 % wide; the answer is the upper end of one. */
const ofLogRollup = {
  table: 'log_rollup',
  where: "type = 'performance'",
  places: 'sumMap(classes)',
  p95: 'pow(1.02, arrayFirst((class, seen) -> seen >= least, mapKeys(places), arrayCumSum(mapValues(places))))',
};

/** Places are 4 % wide; the answer is the middle of one. */
const ofEndpointRollup = {
  table: 'endpoint_rollup',
  places: 'sumForEachMerge(endpoint_rollup.places)',
  p95: 'pow(1.02, 2 * arrayFirstIndex(seen -> seen >= least, arrayCumSum(places)) - 123)',
};

/** Requests and durations by route. */
export async function readEndpoints(store: Reader, selection: AnalysisSelection): Promise<EndpointAnalysis> {
  const grid = stepsOf(selection);
  const range = overRollup(selection, grid);
  const { step, params } = range;
  const source = endpointSource(grid.stepMs);
  const where = `${source.where} AND ${range.where}`;
  const slowest = (limit: number) => `SELECT endpoint FROM ${source.table} WHERE ${where}
    GROUP BY endpoint HAVING sum(timed) > 0 ORDER BY sum(duration) / sum(timed) DESC, endpoint LIMIT ${limit}`;
  const whole = store.query<{ endpoint: string; count: number; avg: number; p95: number; max: number }>(
    `SELECT endpoint, count, avg, ${source.p95} AS p95, max FROM (
       SELECT endpoint, sum(timed) AS count, sum(duration) / count AS avg, max(slowest) AS max, 0.95 * count AS least,
         ${source.places} AS places
       FROM ${source.table} WHERE endpoint IN (${slowest(MOST_ITEMS)}) AND ${where} GROUP BY endpoint)
     ORDER BY avg DESC, endpoint`,
    params,
    LIMITS,
  );
  const byStep = store.query<StepRow>(
    `SELECT endpoint AS key, step, ${source.p95} AS value FROM (
       SELECT endpoint, ${step} AS step, 0.95 * sum(timed) AS least, ${source.places} AS places
       FROM ${source.table} WHERE endpoint IN (${slowest(MOST_DRAWN)}) AND ${where}
       GROUP BY endpoint, step HAVING least > 0)`,
    params,
    LIMITS,
  );
  const [items, steps] = await Promise.all([whole, byStep]);
  const series = seriesByKey(grid.steps, steps, null);
  return {
    ...told(grid),
    items: items.map((item) => ({ ...item, series: series.get(item.endpoint) ?? null })),
  };
}

/** Security events by kind and severity. */
export async function readSecurity(store: Reader, selection: AnalysisSelection): Promise<SecurityAnalysis> {
  const grid = stepsOf(selection);
  const { where, step, params } = overRollup(selection, grid);
  const whole = store.query<{ event: string; severity: string; count: number; addresses: number }>(
    `SELECT event, severity, sum(lines) AS count, uniqCombinedMerge(12)(addresses) AS addresses
     FROM log_rollup WHERE type = 'security' AND ${where}
     GROUP BY event, severity ORDER BY count DESC, event LIMIT ${MOST_ITEMS}`,
    params,
    LIMITS,
  );
  const byStep = store.query<StepRow>(
    `SELECT concat(event, '\\n', severity) AS key, ${step} AS step, sum(lines) AS value
     FROM log_rollup WHERE type = 'security' AND ${where} GROUP BY key, step`,
    params,
    LIMITS,
  );
  const [items, steps] = await Promise.all([whole, byStep]);
  const series = seriesByKey(grid.steps, steps, 0);
  return {
    ...told(grid),
    items: items.map((item) => ({
      ...item,
      series: series.get(`${item.event}\n${item.severity}`) ?? emptySeries(grid.steps, 0),
    })),
  };
}

/** Business events by name. */
export async function readBusiness(store: Reader, selection: AnalysisSelection): Promise<BusinessAnalysis> {
  const grid = stepsOf(selection);
  const { where, step, params } = overRollup(selection, grid);
  const rows = await store.query<StepRow>(
    `SELECT event AS key, ${step} AS step, sum(lines) AS value FROM log_rollup
     WHERE type = 'business' AND event != '' AND ${where} GROUP BY event, step`,
    params,
    LIMITS,
  );
  const items = [...seriesByKey(grid.steps, rows, 0)].map(([event, series]) => ({
    event,
    count: series.reduce((sum, value) => sum + value, 0),
    series,
  }));
  items.sort((a, b) => b.count - a.count || a.event.localeCompare(b.event));
  return { ...told(grid), items: items.slice(0, MOST_ITEMS) };
}
