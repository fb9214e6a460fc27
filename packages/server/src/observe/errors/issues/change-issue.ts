import type { Db, Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { at, EVENTS, type Telemetry } from './events-source.ts';
import { notFound } from './get-issue.ts';
import type { Issue } from './issue.ts';
import { readIssues, readKnownReleases, writeIssues } from './issue-rows.ts';
import { newIssue } from './lifecycle.ts';
import { compareReleases } from './release-order.ts';

export interface AuditEntry {
  at: number;
  actor: string;
  action: string;
  target: string;
  detail?: Record<string, unknown>;
}

export interface ChangeDeps {
  db: Db;
  telemetry: Telemetry;
  audit(tx: Queryable, entry: AuditEntry): Promise<void>;
  now: number;
  actor: string;
}

/** What is decided of an issue. */
export type IssueChange =
  | {
      action: 'resolve';
      in?: 'now' | 'release' | 'next-release' | 'commit' | undefined;
      release?: string | undefined;
      /** Hash of the commit, or the begin of it. */
      commit?: string | undefined;
    }
  | {
      action: 'ignore';
      /** Milliseconds since the epoch. */
      until?: number | undefined;
      count?: number | undefined;
      users?: number | undefined;
      escalating?: boolean | undefined;
    }
  | { action: 'reopen' }
  | { action: 'assign'; to: string | null };

/**
 * Resolves, ignores, reopens or assigns an issue.
 * @throws error_not_found (404), release_needed, commit_needed, invalid_ignore (400)
 */
export async function changeIssue(deps: ChangeDeps, id: string, change: IssueChange): Promise<Issue> {
  const { db, telemetry, audit, now, actor } = deps;
  const fromEvents = await issueFromEvents(telemetry, id, now);
  return db.transaction(async (tx) => {
    const issue = (await readIssues(tx, [id], true)).get(id) ?? fromEvents;
    if (!issue) throw notFound(id);
    const next = await applyChange(tx, issue, change, deps);
    await writeIssues(tx, [next]);
    const { action, ...detail } = change;
    await audit(tx, { at: now, actor, action: `error.${action}`, target: `error ${id}`, detail });
    return next;
  });
}

/** An issue that the tracker has not come to yet; undefined when it has no events. */
export async function issueFromEvents(telemetry: Telemetry, id: string, now: number): Promise<Issue | undefined> {
  const [row] = await telemetry.query<{
    project: string;
    firstSeen: number;
    lastSeen: number;
    release: string;
    count: number;
  }>(
    `SELECT any(project) AS project, toUnixTimestamp64Milli(min(timestamp)) AS firstSeen,
            toUnixTimestamp64Milli(max(timestamp)) AS lastSeen, argMin(release, timestamp) AS release, count() AS count
     FROM ${EVENTS} WHERE issueId = {id:String} AND timestamp < ${at('to')}`,
    { id, to: now + 86_400_000 },
  );
  if (!row || row.count === 0) return undefined;
  const { project, firstSeen, lastSeen } = row;
  return newIssue({ issueId: id, project, firstSeen, lastSeen, release: row.release || null }, now);
}

async function applyChange(tx: Queryable, issue: Issue, change: IssueChange, deps: ChangeDeps): Promise<Issue> {
  const { now, actor } = deps;
  const base = { ...issue, changedAt: now };
  switch (change.action) {
    case 'assign':
      return { ...base, assignee: change.to };
    case 'reopen':
      return { ...base, status: 'unresolved', substatus: 'ongoing', resolution: null, ignore: null };
    case 'ignore':
      return { ...base, status: 'ignored', substatus: null, resolution: null, ignore: toIgnore(change, now) };
    case 'resolve': {
      const commit = commitOf(change);
      const release = commit === null ? await resolvedRelease(tx, issue, change) : null;
      const resolution = { at: now, by: actor, release, inNextRelease: change.in === 'next-release', commit };
      return { ...base, status: 'resolved', substatus: null, resolution, ignore: null };
    }
  }
}

function toIgnore(change: IssueChange & { action: 'ignore' }, now: number): Issue['ignore'] {
  const { until = null, count = null, users = null, escalating = false } = change;
  if (until !== null && until <= now) {
    throw new YumOpsError('invalid_ignore', 'The end lies in the past.', { hint: 'Give a later end.', status: 400 });
  }
  return { at: now, until, count, users, escalating };
}

function commitOf(change: IssueChange & { action: 'resolve' }): string | null {
  if (change.in !== 'commit') return null;
  if (change.commit !== undefined) return change.commit;
  throw new YumOpsError('commit_needed', 'Resolving in a commit needs its hash.', {
    hint: 'Give `commit`, at least 7 digits of it.',
    status: 400,
  });
}

/** The release that a resolution is bound to: the one given, else the newest of the project. */
async function resolvedRelease(
  tx: Queryable,
  issue: Issue,
  change: IssueChange & { action: 'resolve' },
): Promise<string | null> {
  if (change.release !== undefined) return change.release;
  if (change.in === undefined || change.in === 'now') return null;
  const releases = [...(await readKnownReleases(tx, issue.project)).values()];
  const newest = releases.sort(compareReleases).at(-1)?.version ?? issue.lastRelease;
  if (newest !== null) return newest;
  throw new YumOpsError('release_needed', 'No event of this project says its release.', {
    hint: 'Resolve it now, or set `release` in the SDK.',
    status: 400,
  });
}
