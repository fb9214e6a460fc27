import type { BusinessAnalysis, ErrorRateAnalysis, SecurityAnalysis } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { type AnalysisSelection, emptySeries, overRollup, type StepRow, seriesByKey, stepsOf, told } from './steps.ts';

type Reader = Pick<TelemetryStore, 'query'>;

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

/** Business events by name: of the log, and those that pages tell of. */
export async function readBusiness(store: Reader, selection: AnalysisSelection): Promise<BusinessAnalysis> {
  const grid = stepsOf(selection);
  const { where, step, params } = overRollup(selection, grid);
  const pages = overRollup(selection, grid, 'timestamp');
  const rows = await store.query<StepRow>(
    `SELECT key, step, sum(n) AS value FROM (
       SELECT event AS key, ${step} AS step, sum(lines) AS n FROM log_rollup
       WHERE type = 'business' AND event != '' AND ${where} GROUP BY key, step
       UNION ALL
       SELECT name AS key, ${pages.step} AS step, count() AS n FROM browser_event_rows FINAL
       WHERE ${pages.where} GROUP BY key, step)
     GROUP BY key, step`,
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
