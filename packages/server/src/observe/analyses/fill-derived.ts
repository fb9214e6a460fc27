import { YumOpsError } from '../../lib/errors.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';

type Store = Pick<TelemetryStore, 'query' | 'command'>;

/** How often a day is counted again while lines of it still arrive. */
const ROUNDS = 5;

/** A table that a view fills from another as rows are stored; both are compared step by step. */
interface Derived {
  view: string;
  from: string;
  /** Time column of each. */
  time: { from: string; here: string };
  /** Function that gives the step of a time. */
  step: (time: string) => string;
  /** What a step has, in the same unit. */
  counted: { from: string; here: string };
  /** Rows of the source that are counted. */
  where: string;
  /** When a step is counted anew: what the source has more is so. */
  wrong: string;
}

const fiveMinutes = (time: string) => `toStartOfFiveMinutes(${time})`;

/** In the order in which they depend on each other. */
const DERIVED: Readonly<Record<string, Derived>> = {
  log_rollup: {
    view: 'log_rollup_lines',
    from: 'logs',
    time: { from: 'timestamp', here: 'at' },
    step: fiveMinutes,
    counted: { from: 'count()', here: 'sum(log_rollup.lines)' },
    where: "project != 'yumops'",
    // Retention only takes lines away from the log: the rollup outlives them.
    wrong: '> 0',
  },
  endpoint_rollup: {
    view: 'endpoint_rollup_steps',
    from: 'log_rollup',
    time: { from: 'at', here: 'at' },
    step: (time) => `toStartOfInterval(${time}, INTERVAL 6 HOUR)`,
    // Every request is counted once for each of the three widths.
    counted: { from: 'sum(log_rollup.timed)', here: 'intDiv(sum(endpoint_rollup.timed), 3)' },
    where: 'log_rollup.timed > 0',
    wrong: '!= 0',
  },
  business_event_rows: {
    view: 'business_event_lines',
    from: 'logs',
    time: { from: 'timestamp', here: 'timestamp' },
    step: fiveMinutes,
    counted: { from: 'count()', here: 'count()' },
    where: "type = 'business' AND project != 'yumops'",
    wrong: '!= 0',
  },
};

/** A day of a table that has not been counted for it. */
export interface DueDay {
  target: string;
  /** `YYYY-MM-DD` in UTC. */
  day: string;
}

/** Days that were there before the tables that are filled from them: a table after the other, the newest day first. */
export async function daysToFill(store: Pick<TelemetryStore, 'query'>): Promise<DueDay[]> {
  const targets = Object.keys(DERIVED);
  return store.query<DueDay>(
    `SELECT target, toString(derived_days.day) AS day FROM derived_days WHERE target IN {targets:Array(String)}
     GROUP BY target, derived_days.day HAVING max(state) = 'due'
     ORDER BY indexOf({targets:Array(String)}, target), derived_days.day DESC`,
    { targets },
  );
}

/**
 * Counts what a table lacks of a day because it was stored before the table was there, and then what is filled from that
 * table. Only steps that do not agree are counted anew, so it may be repeated, also after a crash in its midst.
 * @returns steps of the table that were counted
 * @throws derived_not_settled when lines of the day arrive so fast that it never agrees
 */
export async function fillDerived(store: Store, { target, day }: DueDay): Promise<number> {
  const derived = DERIVED[target];
  if (!derived) throw new YumOpsError('unknown_derived', `"${target}" is not filled from another table.`);
  const filled = await settle(store, target, derived, day);
  await store.command("INSERT INTO derived_days SELECT {target:String}, toDate({day:String}), 'filled'", {
    target,
    day,
  });
  if (filled === 0) return 0;
  for (const [next, { from }] of Object.entries(DERIVED)) {
    if (from === target) await fillDerived(store, { target: next, day });
  }
  return filled;
}

async function settle(store: Store, target: string, derived: Derived, day: string): Promise<number> {
  const here = stepIn(derived, 'here');
  let filled = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const at = await wrongSteps(store, target, derived, day);
    if (at.length === 0) return filled;
    await store.command(`DELETE FROM ${target} WHERE ${here}`, { day, at });
    await store.command(await fillingOf(store, target, derived), { day, at });
    filled += at.length;
  }
  throw new YumOpsError('derived_not_settled', `Lines of ${day} still arrive: ${target} does not agree with them.`, {
    hint: 'Run the job again later: yumops job run analyses-backfill.',
  });
}

/** Whether a row belongs to one of some steps of a day. */
function stepIn({ time, step }: Derived, side: 'from' | 'here'): string {
  return `toDate(${time[side]}) = {day:Date} AND toUnixTimestamp(${step(time[side])}) IN {at:Array(UInt32)}`;
}

/** Seconds since the epoch of the steps of a day whose rows do not agree with what they were counted from. */
async function wrongSteps(store: Store, target: string, derived: Derived, day: string): Promise<number[]> {
  const { from, time, step, counted, where, wrong } = derived;
  const rows = await store.query<{ start: number }>(
    `SELECT start FROM (
       SELECT toUnixTimestamp(${step(time.from)}) AS start, toInt64(${counted.from}) AS had FROM ${from}
       WHERE toDate(${time.from}) = {day:Date} AND ${where} GROUP BY start
       UNION ALL
       SELECT toUnixTimestamp(${step(time.here)}) AS start, -toInt64(${counted.here}) AS had FROM ${target}
       WHERE toDate(${time.here}) = {day:Date} GROUP BY start)
     GROUP BY start HAVING sum(had) ${wrong}`,
    { day },
  );
  return rows.map(({ start }) => start);
}

/** What the view that fills the table does with new rows, over those of some steps. */
async function fillingOf(store: Store, target: string, derived: Derived): Promise<string> {
  const { view, from } = derived;
  const [found] = await store.query<{ query: string }>(
    'SELECT as_select AS query FROM system.tables WHERE database = currentDatabase() AND name = {view:String}',
    { view },
  );
  const [fields, rest] = (found?.query ?? '').split(/\bFROM \S+ AS l\b/);
  if (fields === undefined || rest === undefined) {
    throw new YumOpsError('derived_view_missing', `The view ${view}, which fills ${target}, is missing.`);
  }
  // The engine would take a block that it has seen before for a repeated one, although its rows were deleted.
  return `INSERT INTO ${target} SETTINGS insert_deduplicate = 0 ${fields} FROM (
    SELECT * FROM ${from} WHERE ${stepIn(derived, 'from')}
  ) AS l ${rest}`;
}
