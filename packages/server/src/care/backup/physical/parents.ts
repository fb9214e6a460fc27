import { YumOpsError } from '../../../lib/errors.ts';
import type { CatalogueEntry } from '../catalogue.ts';
import type { KnownBase } from './archive-state.ts';

/** Increments on one full backup at most: each is one more that must be whole. */
const MOST_INCREMENTS = 30;

/**
 * A base backup and all that it builds on, the full one first.
 * @throws YumOpsError `backup_parent_missing`
 */
export function linksOf<Link extends Pick<KnownBase, 'id' | 'manifest'>>(base: Link, bases: readonly Link[]): Link[] {
  const links = [base];
  for (let parent = base.manifest.parent; parent !== null; parent = (links[0] as Link).manifest.parent) {
    const found = bases.find(({ id }) => id === parent);
    // A chain that leads into itself would have no full backup either.
    if (!found || links.includes(found)) throw parentMissing(base.id, parent);
    links.unshift(found);
  }
  return links;
}

function parentMissing(id: string, parent: string): YumOpsError {
  return new YumOpsError('backup_parent_missing', `${id} builds on ${parent}, which is not there or not good.`, {
    hint: 'Restore from another base backup, or fetch what is missing from the second destination.',
    status: 409,
  });
}

/** The base backups whose parents are all there. */
export function complete<Link extends Pick<KnownBase, 'id' | 'manifest'>>(bases: readonly Link[]): Link[] {
  return bases.filter((base) => {
    try {
      linksOf(base, bases);
      return true;
    } catch {
      return false;
    }
  });
}

/** What the next base backup may build on. */
export interface ParentWish {
  systemId: string;
  timeline: number;
  /** Milliseconds since the epoch. */
  now: number;
  /** Milliseconds after which a full backup is due; 0 = every one is full. */
  fullEveryMs: number;
}

/**
 * The newest base backup that an increment may build on; null = a full one is due. None builds on a backup that a
 * verification found damaged, nor on one of another timeline.
 */
export function chooseParent(
  bases: readonly KnownBase[],
  { systemId, timeline, now, fullEveryMs }: ParentWish,
): KnownBase | null {
  const fitting = complete(bases)
    .filter((base) => base.systemId === systemId && base.timeline === timeline)
    .sort(newestFirst);
  const [newest] = fitting;
  if (!newest) return null;
  const links = linksOf(newest, bases);
  const root = links[0] as KnownBase;
  if (links.length > MOST_INCREMENTS || links.some(({ doubted }) => doubted)) return null;
  const serverFullAt = root.manifest.synthetic?.serverFullAt;
  return now - (serverFullAt === undefined ? root.stoppedAt : Date.parse(serverFullAt)) < fullEveryMs ? newest : null;
}

/** The newest first; of those of one moment that which was made last: a full one that was put together of increments. */
export function newestFirst(a: KnownBase, b: KnownBase): number {
  const isFull = ({ manifest }: KnownBase) => Number(manifest.parent === null);
  return b.stoppedAt - a.stoppedAt || isFull(b) - isFull(a) || (a.id < b.id ? 1 : -1);
}

/** How many increments the newest good base backup of a catalogue is made of. @param entries oldest first */
export function incrementsOf(entries: readonly Pick<CatalogueEntry, 'id' | 'parent' | 'tier' | 'status'>[]): number {
  const good = entries.filter(({ tier, status }) => tier === 'physical' && status === 'good');
  const passed = new Set<string>();
  for (let at = good.at(-1); at && at.parent !== null && !passed.has(at.id); ) {
    passed.add(at.id);
    const { parent } = at;
    at = good.find(({ id }) => id === parent);
  }
  return passed.size;
}
