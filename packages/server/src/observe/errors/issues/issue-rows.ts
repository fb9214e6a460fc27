import type { ErrorStatus, ErrorSubstatus } from '@yumops/protocol';
import type { Queryable } from '../../../lib/db.ts';
import type { Issue } from './issue.ts';
import type { KnownRelease } from './release-order.ts';

interface IssueRow {
  id: string;
  project: string;
  status: ErrorStatus;
  substatus: ErrorSubstatus | null;
  first_seen: Date;
  last_seen: Date;
  first_release: string | null;
  last_release: string | null;
  assignee: string | null;
  changed_at: Date;
  resolved_at: Date | null;
  resolved_by: string | null;
  resolved_release: string | null;
  resolved_in_next: boolean;
  resolved_commit: string | null;
  ignored_at: Date | null;
  ignored_until: Date | null;
  ignored_count: number | null;
  ignored_users: number | null;
  ignored_escalating: boolean;
}

/** The issues with these ids that are known. @param lock keeps others from changing them until the transaction ends */
export async function readIssues(db: Queryable, ids: readonly string[], lock = false): Promise<Map<string, Issue>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<IssueRow>(
    `SELECT * FROM error_issues WHERE id = ANY($1) ORDER BY id${lock ? ' FOR UPDATE' : ''}`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, toIssue(row)]));
}

function toIssue(row: IssueRow): Issue {
  return {
    id: row.id,
    project: row.project,
    status: row.status,
    substatus: row.substatus,
    firstSeen: row.first_seen.getTime(),
    lastSeen: row.last_seen.getTime(),
    firstRelease: row.first_release,
    lastRelease: row.last_release,
    assignee: row.assignee,
    changedAt: row.changed_at.getTime(),
    resolution: row.resolved_at && {
      at: row.resolved_at.getTime(),
      by: row.resolved_by ?? '',
      release: row.resolved_release,
      inNextRelease: row.resolved_in_next,
      commit: row.resolved_commit,
    },
    ignore: row.ignored_at && {
      at: row.ignored_at.getTime(),
      until: row.ignored_until?.getTime() ?? null,
      count: row.ignored_count,
      users: row.ignored_users,
      escalating: row.ignored_escalating,
    },
  };
}

const COLUMNS = [
  'id',
  'project',
  'status',
  'substatus',
  'first_seen',
  'last_seen',
  'first_release',
  'last_release',
  'assignee',
  'changed_at',
  'resolved_at',
  'resolved_by',
  'resolved_release',
  'resolved_in_next',
  'resolved_commit',
  'ignored_at',
  'ignored_until',
  'ignored_count',
  'ignored_users',
  'ignored_escalating',
];

/** Writes issues as they are now. */
export async function writeIssues(tx: Queryable, issues: readonly Issue[]): Promise<void> {
  if (issues.length === 0) return;
  await tx.query(
    `INSERT INTO error_issues (${COLUMNS.join(', ')})
     SELECT ${COLUMNS.join(', ')} FROM jsonb_populate_recordset(NULL::error_issues, $1::jsonb)
     ON CONFLICT (id) DO UPDATE SET ${COLUMNS.slice(1)
       .map((column) => `${column} = excluded.${column}`)
       .join(', ')}`,
    [JSON.stringify(issues.map(toRow))],
  );
}

function toRow(issue: Issue): Record<string, unknown> {
  const iso = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : new Date(ms).toISOString());
  const { resolution, ignore } = issue;
  return {
    id: issue.id,
    project: issue.project,
    status: issue.status,
    substatus: issue.substatus,
    first_seen: iso(issue.firstSeen),
    last_seen: iso(issue.lastSeen),
    first_release: issue.firstRelease,
    last_release: issue.lastRelease,
    assignee: issue.assignee,
    changed_at: iso(issue.changedAt),
    resolved_at: iso(resolution?.at),
    resolved_by: resolution?.by ?? null,
    resolved_release: resolution?.release ?? null,
    resolved_in_next: resolution?.inNextRelease ?? false,
    resolved_commit: resolution?.commit ?? null,
    ignored_at: iso(ignore?.at),
    ignored_until: iso(ignore?.until),
    ignored_count: ignore?.count ?? null,
    ignored_users: ignore?.users ?? null,
    ignored_escalating: ignore?.escalating ?? false,
  };
}

/** The releases of a project with the time since which they are known, and their commits. */
export async function readKnownReleases(db: Queryable, project: string): Promise<Map<string, KnownRelease>> {
  const rows = await db.query<{ version: string; since: Date; commits: string[] }>(
    `SELECT version, least(created_at, first_seen) AS since,
            jsonb_path_query_array(commits, '$[*].id ? (@.type() == "string")') AS commits
     FROM releases WHERE project = $1`,
    [project],
  );
  return new Map(rows.map(({ since, ...row }) => [row.version, { ...row, since: since.getTime() }]));
}
