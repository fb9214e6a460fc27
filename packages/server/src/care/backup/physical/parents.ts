import { YumOpsError } from '../../../lib/errors.ts';
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
    .sort((a, b) => b.stoppedAt - a.stoppedAt);
  const [newest] = fitting;
  if (!newest) return null;
  const links = linksOf(newest, bases);
  const root = links[0] as KnownBase;
  if (links.length > MOST_INCREMENTS || links.some(({ doubted }) => doubted)) return null;
  return now - root.stoppedAt < fullEveryMs ? newest : null;
}
