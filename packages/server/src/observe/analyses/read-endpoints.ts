import type { EndpointAnalysis } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { type AnalysisSelection, overRollup, type StepRow, type Steps, seriesByKey, stepsOf, told } from './steps.ts';
import { type Stretch, stretchesOf } from './stretches.ts';

/** Endpoints that an answer lists at most. */
const MOST_ITEMS = 50;
/** Endpoints whose course is told; more cannot be told apart in a chart. */
const MOST_DRAWN = 12;
const LIMITS = { maxSeconds: 20 };

/** Widths in seconds that routes are counted by, the widest first. */
const WIDTHS = [21_600, 3_600, 900];

/** Where routes and their durations are counted. */
interface Source {
  table: string;
  /** Rows of the whole range, as few as there are. */
  whole: string;
  /** Rows of its steps. */
  bySteps: string;
  /** What durations of rows are summed up to, and the 95th percentile of that as `places`. */
  places: string;
  p95: string;
}

/** Places are 4 % wide; the answer is the middle of one. */
const ofEndpointRollup = {
  table: 'endpoint_rollup',
  places: 'sumForEachMerge(endpoint_rollup.places)',
  p95: 'pow(1.02, 2 * arrayFirstIndex(seen -> seen >= least, arrayCumSum(places)) - 123)',
};

/** Classes are 2 % wide; the answer is the upper end of one. */
const ofLogRollup = {
  table: 'log_rollup',
  places: 'sumMap(classes)',
  p95: 'pow(1.02, arrayFirst((class, seen) -> seen >= least, mapKeys(places), arrayCumSum(mapValues(places))))',
};

function sourceOf({ from, stepMs, steps }: Steps, range: string): Source {
  const width = WIDTHS.find((one) => stepMs % (one * 1_000) === 0);
  const ofType = `type = 'performance' AND ${range}`;
  if (width === undefined) return { ...ofLogRollup, whole: ofType, bySteps: ofType };
  const start = from / 1_000;
  const covering = stretchesOf(start, start + (steps * stepMs) / 1_000, WIDTHS)
    .map(within)
    .join(' OR ');
  return { ...ofEndpointRollup, whole: `(${covering}) AND ${range}`, bySteps: `width = ${width} AND ${range}` };
}

function within({ width, from, to }: Stretch): string {
  return `(width = ${width} AND at >= toDateTime(${from}, 'UTC') AND at < toDateTime(${to}, 'UTC'))`;
}

/**
 * Requests and durations by route. What the engine takes for such questions is mostly the planning of statements: three
 * plain ones take half as long as two with others inside.
 */
export async function readEndpoints(
  store: Pick<TelemetryStore, 'query'>,
  selection: AnalysisSelection,
): Promise<EndpointAnalysis> {
  const grid = stepsOf(selection);
  const { where, step, params } = overRollup(selection, grid);
  const { table, whole, bySteps, places, p95 } = sourceOf(grid, where);
  const slowest = await store.query<{ endpoint: string; count: number; avg: number; max: number }>(
    `SELECT endpoint, sum(timed) AS count, sum(duration) / count AS avg, max(slowest) AS max FROM ${table}
     WHERE ${whole} GROUP BY endpoint HAVING count > 0 ORDER BY avg DESC, endpoint LIMIT ${MOST_ITEMS}`,
    params,
    LIMITS,
  );
  if (slowest.length === 0) return { ...told(grid), items: [] };
  const endpoints = slowest.map(({ endpoint }) => endpoint);
  const [percentiles, steps] = await Promise.all([
    store.query<{ endpoint: string; value: number }>(
      `SELECT endpoint, ${p95} AS value FROM (
         SELECT endpoint, 0.95 * sum(timed) AS least, ${places} AS places
         FROM ${table} WHERE endpoint IN {endpoints:Array(String)} AND ${whole} GROUP BY endpoint)`,
      { ...params, endpoints },
      LIMITS,
    ),
    store.query<StepRow>(
      `SELECT endpoint AS key, step, ${p95} AS value FROM (
         SELECT endpoint, ${step} AS step, 0.95 * sum(timed) AS least, ${places} AS places
         FROM ${table} WHERE endpoint IN {endpoints:Array(String)} AND ${bySteps}
         GROUP BY endpoint, step HAVING least > 0)`,
      { ...params, endpoints: endpoints.slice(0, MOST_DRAWN) },
      LIMITS,
    ),
  ]);
  const p95Of = new Map(percentiles.map(({ endpoint, value }) => [endpoint, value]));
  const series = seriesByKey(grid.steps, steps, null);
  return {
    ...told(grid),
    items: slowest.flatMap((item) => {
      // Rows may expire between two statements.
      const p95 = p95Of.get(item.endpoint);
      return p95 === undefined ? [] : [{ ...item, p95, series: series.get(item.endpoint) ?? null }];
    }),
  };
}
