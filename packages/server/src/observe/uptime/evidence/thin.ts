const NEWEST_KEPT = 20;
const MOST_KEPT = 400;
const HOUR = 3_600_000;

/** The time of a time-ordered UUID (version 7), milliseconds since the epoch. */
export function timeOfUuid(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
}

/**
 * Which files of one monitor go, so that one that fails for weeks does not fill the store: the newest stay, of the older
 * ones the first of each hour, which is the one that shows how an outage began.
 * @param ids time-ordered, as the names of files are, in any order
 * @returns the ids to remove
 */
export function tooMany(ids: readonly string[]): string[] {
  const newestFirst = [...new Set(ids)].sort().reverse();
  const older = newestFirst.slice(NEWEST_KEPT);
  const firstOfHour = new Map(older.map((id) => [Math.floor(timeOfUuid(id) / HOUR), id]));
  const kept = new Set([...firstOfHour.values()].slice(0, MOST_KEPT - NEWEST_KEPT));
  return older.filter((id) => !kept.has(id));
}
