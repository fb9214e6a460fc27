import { YumOpsError } from '../../lib/errors.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';

type Store = Pick<TelemetryStore, 'query' | 'command'>;

/** How often a day is counted again while lines of it still arrive. */
const ROUNDS = 5;

/** Steps of five minutes of a day that have more lines in the log than in the rollup. Retention only takes lines away from the log. */
const SHORT = `SELECT at FROM (
    SELECT toStartOfFiveMinutes(timestamp) AS at, toInt64(count()) AS lines FROM logs
    WHERE toDate(timestamp) = {day:Date} AND project != 'yumops' GROUP BY at
    UNION ALL
    SELECT at, -toInt64(sum(log_rollup.lines)) FROM log_rollup WHERE toDate(at) = {day:Date} GROUP BY at)
  GROUP BY at HAVING sum(lines) > 0`;

/** Days, oldest first, that the rollup has not been counted for. */
export async function daysToFill(store: Pick<TelemetryStore, 'query'>): Promise<string[]> {
  const rows = await store.query<{ day: string }>(
    "SELECT toString(day) AS day FROM log_rollup_days GROUP BY day HAVING max(state) = 'due' ORDER BY day",
  );
  return rows.map(({ day }) => day);
}

/**
 * Counts the lines of a day that the rollup lacks because they were stored before it. Only steps that lack some are
 * counted anew, so it may be repeated, also after a crash in its midst. @returns steps of five minutes that were counted
 * @throws rollup_not_settled when lines of the day arrive so fast that it never agrees
 */
export async function fillRollup(store: Store, day: string): Promise<number> {
  let filled = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const steps = await store.query<{ at: number }>(`SELECT toUnixTimestamp(at) AS at FROM (${SHORT})`, { day });
    if (steps.length === 0) {
      await store.command("INSERT INTO log_rollup_days SELECT toDate({day:String}), 'filled'", { day });
      return filled;
    }
    const at = steps.map((step) => step.at);
    await store.command('DELETE FROM log_rollup WHERE toUnixTimestamp(at) IN {at:Array(UInt32)}', { at });
    await store.command(await countingOf(store), { day, at });
    filled += steps.length;
  }
  throw new YumOpsError('rollup_not_settled', `Lines of ${day} still arrive: its rollup does not agree with the log.`, {
    hint: 'Run the job again later: yumops job run analyses-backfill.',
  });
}

/** What the view that fills the rollup does with new lines, over those of some steps of a day. */
async function countingOf(store: Store): Promise<string> {
  const [view] = await store.query<{ query: string }>(
    "SELECT as_select AS query FROM system.tables WHERE database = currentDatabase() AND name = 'log_rollup_lines'",
  );
  const [fields, grouping] = (view?.query ?? '').split(/\bFROM \S+ AS l\b/);
  if (fields === undefined || grouping === undefined) {
    throw new YumOpsError('rollup_view_missing', 'The view that fills the rollup of the log is missing.');
  }
  // The engine would take a block that it has seen before for a repeated one, although its rows were deleted.
  return `INSERT INTO log_rollup SETTINGS insert_deduplicate = 0 ${fields} FROM (
    SELECT * FROM logs WHERE toDate(timestamp) = {day:Date}
      AND toUnixTimestamp(toStartOfFiveMinutes(timestamp)) IN {at:Array(UInt32)}
  ) AS l ${grouping}`;
}
