// What a run with split roles shows of the checks of monitors: none doubled, and none left alone by a worker that lives.

/** Checked twice in so many intervals that follow each other. */
const INTERVALS_TWICE = 5;
/** Within so long a worker that goes on takes over what another one had, ms. One interval comes on top. */
const TAKE_OVER_MS = 10_000;
/** A busy machine delays timers. */
const SLACK_MS = 2_000;

/**
 * @param lives from when to when each worker served, ms since the epoch
 * @param begunAt when the run began, ms since the epoch
 */
export async function countChecks(telemetry, { intervalMs, lives, begunAt }) {
  const rows = await telemetry.query(
    `SELECT monitorId, id, toUnixTimestamp64Milli(timestamp) AS at FROM check_results WHERE location = 'local'
     ORDER BY monitorId, at`,
  );
  const times = new Map();
  for (const { monitorId, at } of rows) times.set(monitorId, [...(times.get(monitorId) ?? []), at]);
  const gaps = [...times].flatMap(([monitor, list]) =>
    gapsOf(list).map((ms, index) => ({ monitor, at: list[index], ms })),
  );
  const longest = gaps.reduce((most, gap) => (gap.ms > most.ms ? gap : most));
  const waits = lives.flatMap((life) => [...times].map(([monitor, list]) => longestWait(monitor, list, life)));
  const wait = waits.reduce((most, one) => (one.ms > most.ms ? one : most));
  const seconds = ({ at, ...rest }) => ({ ...rest, at: Math.round((at - begunAt) / 1_000) });
  return {
    ...{ made: rows.length, doubled: repeated(rows.map(({ id }) => id)) },
    checkedTwice: [...times.values()].filter((list) => isCheckedTwice(gapsOf(list), intervalMs)).length,
    ...{ longestGap: longest.ms, longestGapAt: seconds(longest).at },
    livesIn: livesIn(lives, longest).map(({ instance, from, to }) => ({
      instance,
      at: seconds({ at: from }).at,
      ms: to - from,
    })),
    longestWait: seconds(wait),
    leftAlone: waits.filter(({ ms }) => ms > TAKE_OVER_MS + intervalMs + SLACK_MS).map(seconds),
  };
}

/** The longest time within the life of a worker in which nobody checked a monitor. */
function longestWait(monitor, times, { instance, from, to }) {
  const end = Math.min(to, times.at(-1));
  const marks = [from, ...times.filter((at) => at > from && at < end), end];
  const waits = gapsOf(marks).map((ms, index) => ({ instance, monitor, at: marks[index], ms }));
  return waits.reduce((most, one) => (one.ms > most.ms ? one : most));
}

function livesIn(lives, { at, ms }) {
  return lives.filter(({ from, to }) => to > at && from < at + ms);
}

function gapsOf(times) {
  return times.slice(1).map((at, before) => at - times[before]);
}

/** Two that check a monitor at a time come twice in each interval; who takes over comes once more, and then no more. */
function isCheckedTwice(gaps, intervalMs) {
  let times = 0;
  for (let index = 1; index < gaps.length; index++) {
    times = gaps[index] + gaps[index - 1] < intervalMs * 1.1 ? times + 1 : 0;
    if (times >= 2 * INTERVALS_TWICE) return true;
  }
  return false;
}

export function repeated(keys) {
  return keys.length - new Set(keys).size;
}
