import { DAY_MS, wallTimeAt } from '../../../lib/zoned-time.ts';
import type { CatalogueEntry } from '../catalogue.ts';
import type { BackupRetention } from '../config.ts';
import { basesOfWindow } from './window.ts';

/** Why a backup is kept. */
export type KeepReason =
  | 'daily'
  | 'weekly'
  | 'monthly'
  | 'last verified'
  | 'newest'
  | 'newest failed'
  | 'recovery window'
  | 'parent';

/** What a plan goes by. */
export interface RetentionRules {
  retention: BackupRetention;
  /** A backup belongs to the day of its start there. */
  timeZone: string;
  /** Milliseconds before now of which every moment can be restored (physical tier). */
  pitrWindowMs: number;
}

/** What a prune keeps, and why, and what it deletes; oldest first. */
export interface RetentionPlan {
  keep: { id: string; why: KeepReason[] }[];
  delete: { id: string }[];
}

/** What the plan reads of a catalogue. */
export type PlannedEntry = Pick<CatalogueEntry, 'id' | 'tier' | 'parent' | 'started' | 'status' | 'verified'> &
  Partial<Pick<CatalogueEntry, 'schemas' | 'oneOff' | 'synthetic' | 'seconds'>>;

/** `2026-01-05`, of the week its Monday (ISO 8601), of the month its first day: by the calendar of the zone. */
const BUCKETS: Record<keyof BackupRetention, (wall: number) => string> = {
  daily: (wall) => new Date(wall).toISOString().slice(0, 10),
  weekly: (wall) => new Date(wall - ((new Date(wall).getUTCDay() + 6) % 7) * DAY_MS).toISOString().slice(0, 10),
  monthly: (wall) => new Date(wall).toISOString().slice(0, 7),
};

const newestFirst = (a: PlannedEntry, b: PlannedEntry) => {
  const difference = Date.parse(b.started) - Date.parse(a.started);
  // A full one that was put together holds the moment of an increment, and stands in for it.
  const isFull = ({ parent }: PlannedEntry) => Number(parent === null);
  return difference || isFull(b) - isFull(a) || (a.id < b.id ? 1 : -1);
};

/**
 * Decides what is kept: the newest good backup of each of the last so many days, ISO weeks and months that have one.
 * Also always: the newest good one (of all schemas, and of each choice of some), the last that was verified (and the last
 * that was restored on trial), the base backups that the recovery window needs, and what kept increments build on. When the newest
 * backup failed nothing is deleted. Tiers are planned apart, since one cannot stand in for the other, and so are one-offs of each
 * choice of schemas, which stand in for nothing.
 * @param now milliseconds since the epoch
 */
export function planRetention(
  entries: readonly PlannedEntry[],
  { retention, timeZone, pitrWindowMs }: RetentionRules,
  now: number,
): RetentionPlan {
  const why = new Map<string, Set<KeepReason>>();
  const mark = (id: string, reason: KeepReason) => why.set(id, (why.get(id) ?? new Set()).add(reason));
  for (const kind of new Set(entries.map(kindOf))) {
    const ofKind = entries.filter((entry) => kindOf(entry) === kind).sort(newestFirst);
    markKind(ofKind, retention, timeZone, mark);
  }
  for (const id of basesOfWindow(entries, now - pitrWindowMs)) mark(id, 'recovery window');
  const newest = entries.toSorted(newestFirst).find(isTelling);
  if (newest && newest.status !== 'good') for (const { id } of entries) mark(id, 'newest failed');
  markParents(entries, why, mark);
  const inOrder = [...entries].sort(newestFirst).reverse();
  return {
    keep: inOrder.flatMap(({ id }) => (why.has(id) ? [{ id, why: [...(why.get(id) ?? [])] }] : [])),
    delete: inOrder.flatMap(({ id, status }) => (why.has(id) || status === 'running' ? [] : [{ id }])),
  };
}

/** What can stand in for each other. */
function kindOf({ tier, oneOff = false, schemas = null }: PlannedEntry): string {
  return oneOff ? `${tier} ${JSON.stringify(schemas)}` : tier;
}

/** @param entries newest first */
function newestOfEach(
  entries: readonly PlannedEntry[],
  bucketOf: (wall: number) => string,
  count: number,
  timeZone: string,
): string[] {
  const newest = new Map<string, string>();
  for (const { id, started } of entries) {
    const bucket = bucketOf(wallTimeAt(Date.parse(started), timeZone));
    if (!newest.has(bucket)) newest.set(bucket, id);
  }
  return [...newest.values()].slice(0, count);
}

function markKind(
  entries: readonly PlannedEntry[],
  retention: BackupRetention,
  timeZone: string,
  mark: (id: string, reason: KeepReason) => void,
): void {
  const good = entries.filter(({ status }) => status === 'good');
  for (const kind of ['daily', 'weekly', 'monthly'] as const) {
    for (const id of newestOfEach(good, BUCKETS[kind], retention[kind], timeZone)) mark(id, kind);
  }
  const scopes = new Map<string, string>();
  for (const { id, schemas = null } of good) {
    const scope = JSON.stringify(schemas);
    if (!scopes.has(scope)) scopes.set(scope, id);
  }
  for (const id of scopes.values()) mark(id, 'newest');
  const verified = good.find((entry) => entry.verified?.ok);
  const restored = good.find((entry) => entry.verified?.ok && entry.verified.level >= 2);
  for (const entry of [verified, restored]) if (entry) mark(entry.id, 'last verified');
  markFailed(entries, mark);
}

/** Everything where the newest backup failed; of a failure that takes nothing from what there is the record alone. */
function markFailed(entries: readonly PlannedEntry[], mark: (id: string, reason: KeepReason) => void): void {
  const newest = entries.find(isTelling);
  if (newest && newest.status !== 'good') for (const { id } of entries) mark(id, 'newest failed');
  const [last] = entries.filter(({ status }) => status !== 'running');
  if (last?.synthetic && last.status !== 'good') mark(last.id, 'newest failed');
}

/**
 * Whether a run is a sign of what the schedule makes. Who made a one-off by hand was told that it failed; and where increments could
 * not be put together, they are all there.
 */
function isTelling({ status, oneOff, synthetic }: PlannedEntry): boolean {
  return status !== 'running' && !oneOff && (status === 'good' || !synthetic);
}

/** What a kept increment builds on, up to the full backup. */
function markParents(
  entries: readonly PlannedEntry[],
  why: ReadonlyMap<string, unknown>,
  mark: (id: string, reason: KeepReason) => void,
): void {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  for (const entry of entries) {
    if (!why.has(entry.id)) continue;
    const passed = new Set<string>([entry.id]);
    for (let at = byId.get(entry.parent ?? ''); at && !passed.has(at.id); at = byId.get(at.parent ?? '')) {
      passed.add(at.id);
      mark(at.id, 'parent');
    }
  }
}
