import type { PlannedEntry } from './plan.ts';

/**
 * The base backups that the moments of the recovery window need, and all that came within it: the newest sound one that was
 * complete when the window began, and every one since. Sound is what has all that it builds on, and of which no verification found
 * that it is not good: a restore passes over the others. Where none is sound the newest counts.
 * @param entries oldest or newest first
 * @param begin of the window, milliseconds since the epoch
 */
export function basesOfWindow(entries: readonly PlannedEntry[], begin: number): string[] {
  const good = entries.filter(({ tier, status }) => tier === 'physical' && status === 'good');
  const byId = new Map(good.map((entry) => [entry.id, entry]));
  const before = good.filter((entry) => completeAt(entry) <= begin);
  const whole = before.filter((entry) => linksOf(entry, byId) !== null);
  const sound = whole.filter((entry) => linksOf(entry, byId)?.every(({ verified }) => verified?.ok !== false));
  const newestOf = (found: PlannedEntry[]) => (found.length === 0 ? null : Math.max(...found.map(completeAt)));
  const from = newestOf(sound) ?? newestOf(whole) ?? begin;
  return good.filter((entry) => completeAt(entry) >= from).map(({ id }) => id);
}

/**
 * By when a base backup had ended, and so could restore. Of one that was put together that is before it was begun: it holds
 * the moment of an increment.
 */
function completeAt({ started, seconds, synthetic = null }: PlannedEntry): number {
  return synthetic === null ? Date.parse(started) + (seconds ?? 0) * 1_000 : Date.parse(synthetic.begun);
}

/** A base backup and what it builds on; null where something of that is not there. */
function linksOf(entry: PlannedEntry, good: ReadonlyMap<string, PlannedEntry>): PlannedEntry[] | null {
  const links = new Set([entry]);
  for (let { parent } = entry; parent !== null; ) {
    const next = good.get(parent);
    if (!next || links.has(next)) return null;
    links.add(next);
    parent = next.parent;
  }
  return [...links];
}
