import type { Db } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { StoredFinding } from './finding.ts';
import { readFinding, writeFindings } from './finding-store.ts';
import type { AuditChange, Change } from './ports.ts';

export interface ChangeDeps {
  db: Db;
  audit: AuditChange;
}

const DAY = 86_400_000;
/** Whoever lives with something longer than a year should look at it again. Milliseconds. */
const LONGEST_MS = 366 * DAY;

/**
 * Lives with a finding until a day; after it the finding is open again.
 * @param asked.until ms since the epoch
 * @throws YumOpsError `finding_not_found` (404), `finding_resolved` (409), `until_refused` (400)
 */
export function acceptFinding(
  deps: ChangeDeps,
  id: string,
  asked: { until: number; reason: string },
  change: Change,
): Promise<StoredFinding> {
  if (!(asked.until > change.now && asked.until <= change.now + LONGEST_MS)) {
    throw new YumOpsError('until_refused', 'A finding is accepted until a day within the next 366 days.', {
      hint: 'Give a later day, or a nearer one: what is accepted must be looked at again some day.',
      status: 400,
    });
  }
  return changed(deps, id, 'accept', change, (finding) => {
    refuseResolved(finding);
    const { severity } = finding;
    return { ...finding, accepted: { ...asked, by: change.actor, severity } };
  });
}

/** Says whose it is; null = nobody's. @throws YumOpsError `finding_not_found` (404) */
export function assignFinding(
  deps: ChangeDeps,
  id: string,
  owner: string | null,
  change: Change,
): Promise<StoredFinding> {
  return changed(deps, id, 'assign', change, (finding) => ({ ...finding, owner }));
}

/** Ends an acceptance before its day. @throws YumOpsError `finding_not_found` (404), `finding_resolved` (409) */
export function reopenFinding(deps: ChangeDeps, id: string, change: Change): Promise<StoredFinding> {
  return changed(deps, id, 'reopen', change, (finding) => {
    refuseResolved(finding);
    return { ...finding, accepted: null };
  });
}

function refuseResolved({ id, resolvedAt }: StoredFinding): void {
  if (resolvedAt === null) return;
  throw new YumOpsError('finding_resolved', `The finding ${id} is gone since ${new Date(resolvedAt).toISOString()}.`, {
    hint: 'Nothing is to be decided about it; when a scan sees it again, it is open.',
    status: 409,
  });
}

function changed(
  { db, audit }: ChangeDeps,
  id: string,
  verb: 'accept' | 'assign' | 'reopen',
  { actor, now }: Change,
  to: (finding: StoredFinding) => StoredFinding,
): Promise<StoredFinding> {
  return db.transaction(async (tx) => {
    const next = to(await readFinding(tx, id, true));
    await writeFindings(tx, [next]);
    const { check, code, subject, object, owner, accepted } = next;
    const until = accepted && { until: new Date(accepted.until).toISOString(), reason: accepted.reason };
    await audit(tx, {
      ...{ at: now, actor, action: `security.finding.${verb}`, target: id },
      detail: { check, code, subject, ...(object !== '' && { object }), ...(verb === 'assign' ? { owner } : until) },
    });
    return next;
  });
}
