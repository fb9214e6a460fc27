const DAY = 86_400_000;

/**
 * The day on which both tables were last compared with what is published: `schedule.json` of github.com/nodejs/Release, and
 * the table of postgresql.org/support/versioning.
 */
export const VERSIONS_CHECKED = '2026-07-30';

/** Days after which the tables are too old to be relied on. */
const TABLES_LAST_DAYS = 180;

/** How old the tables are, in days, when they are too old to be relied on; else null. @param now ms since the epoch */
export function tablesOutdated(now: number): number | null {
  const days = Math.floor((now - Date.parse(VERSIONS_CHECKED)) / DAY);
  return days > TABLES_LAST_DAYS ? days : null;
}

/** Last days with security fixes, by major version, from `schedule.json`. */
export const NODE_ENDS: Readonly<Record<number, string>> = {
  18: '2025-04-30',
  19: '2023-06-01',
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** The same from postgresql.org. */
export const POSTGRES_ENDS: Readonly<Record<number, string>> = {
  12: '2024-11-21',
  13: '2025-11-13',
  14: '2026-11-12',
  15: '2027-11-11',
  16: '2028-11-09',
  17: '2029-11-08',
  18: '2030-11-14',
};

/**
 * Since when a version gets no security fixes, as it stands in a sentence; null when it still gets them, or is newer than
 * what is known here. Nobody is asked.
 * @param now ms since the epoch
 */
export function endedSince(major: number, ends: Readonly<Record<number, string>>, now: number): string | null {
  const end = ends[major];
  if (end !== undefined) return Date.parse(end) + DAY <= now ? `Its support ended on ${end}.` : null;
  return major < Math.min(...Object.keys(ends).map(Number)) ? 'Its support ended years ago.' : null;
}
