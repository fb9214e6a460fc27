/** Last days with security fixes, by major version, from nodejs.org. */
export const NODE_ENDS: Readonly<Record<number, string>> = {
  18: '2025-04-30',
  20: '2026-04-30',
  22: '2027-04-30',
  24: '2028-04-30',
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
  if (end !== undefined) return Date.parse(end) < now ? `Its support ended on ${end}.` : null;
  return major < Math.min(...Object.keys(ends).map(Number)) ? 'Its support ended years ago.' : null;
}
