import { compareSeverity, type Found, findingId, type StoredFinding } from './finding.ts';

/** What a scan changed about a finding. */
export type FindingChange = 'new' | 'returned' | 'worse' | 'gone';

export interface Reconciled {
  /** Every finding of the checks that ran, as it is from now on. */
  findings: StoredFinding[];
  /** By id; what stayed as it was is not in it. */
  changes: Map<string, FindingChange>;
}

/** What the checks of a scan found, by their names; `failed` are those that could not look at all. */
export interface Looked {
  found: ReadonlyMap<string, readonly Found[]>;
  failed: ReadonlySet<string>;
}

/**
 * Holds what a scan found against what was known. What was not seen again is gone, unless the check, or its look at that
 * subject, failed: nobody knows then, and it stays.
 * @param known every stored finding of the checks that ran, resolved ones too
 * @param owner who owns a new finding
 * @param now ms since the epoch
 */
export function reconcile(
  known: readonly StoredFinding[],
  looked: Looked,
  owner: string | null,
  now: number,
): Reconciled {
  const before = new Map(known.map((finding) => [finding.id, finding]));
  const changes = new Map<string, FindingChange>();
  const seen = new Map<string, StoredFinding>();
  for (const [check, findings] of looked.found) {
    for (const found of findings) {
      const id = findingId(check, found);
      const { next, change } = seenAgain(before.get(id), { ...found, id, check }, owner, now);
      seen.set(id, next);
      if (change !== null) changes.set(id, change);
    }
  }
  const missing = known.filter(({ id }) => !seen.has(id));
  const rest = missing.map((finding): StoredFinding => {
    if (finding.resolvedAt !== null || isBlind(finding, looked)) return finding;
    changes.set(finding.id, 'gone');
    return { ...finding, resolvedAt: now, accepted: null };
  });
  return { findings: [...seen.values(), ...rest], changes };
}

function seenAgain(
  old: StoredFinding | undefined,
  found: Found & Pick<StoredFinding, 'id' | 'check'>,
  owner: string | null,
  now: number,
): { next: StoredFinding; change: FindingChange | null } {
  const fresh = { ...found, lastSeen: now, resolvedAt: null };
  if (old === undefined) return { next: { ...fresh, owner, firstSeen: now, accepted: null }, change: 'new' };
  const kept = { ...fresh, owner: old.owner, firstSeen: old.firstSeen };
  if (old.resolvedAt !== null) return { next: { ...kept, accepted: null }, change: 'returned' };
  const { accepted } = old;
  const outgrown = accepted !== null && compareSeverity(found.severity, accepted.severity) < 0;
  const isWorse = compareSeverity(found.severity, old.severity) < 0;
  return { next: { ...kept, accepted: outgrown ? null : accepted }, change: isWorse ? 'worse' : null };
}

/** Whether the look that would have seen the finding failed. */
function isBlind({ check, subject, id }: StoredFinding, { found, failed }: Looked): boolean {
  if (failed.has(check)) return true;
  return (found.get(check) ?? []).some(
    (other) =>
      other.severity === 'unknown' &&
      other.object === '' &&
      other.subject === subject &&
      findingId(check, other) !== id,
  );
}
