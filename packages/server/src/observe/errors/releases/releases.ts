import type { ReleaseItem } from '@yumops/protocol';
import type { Db, Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { Reach } from '../../../lib/reach.ts';
import type { AuditEntry } from '../issues/change-issue.ts';
import type { Telemetry } from '../issues/events-source.ts';

export interface ReleaseDeps {
  db: Db;
  now: number;
  actor: string;
  audit(tx: Queryable, entry: AuditEntry): Promise<void>;
}

export interface NewRelease {
  project: string;
  version: string;
  url?: string | null | undefined;
  commits?: readonly Record<string, unknown>[] | undefined;
  /** Milliseconds since the epoch; null = it is not out yet. */
  finalizedAt?: number | null | undefined;
}

/** A release as it is kept. Times in milliseconds since the epoch. */
export interface StoredRelease {
  project: string;
  version: string;
  createdAt: number;
  finalizedAt: number | null;
  url: string | null;
}

const VERSION = /^[^\s/\\]{1,250}$/;

/**
 * Makes a release, or adds to one that is known.
 * @throws invalid_release (400)
 */
export async function keepRelease(deps: ReleaseDeps, given: NewRelease): Promise<StoredRelease> {
  const { project, version, url = null, commits = [], finalizedAt = null } = given;
  if (!VERSION.test(version) || version === '.' || version === '..') {
    throw new YumOpsError('invalid_release', `"${version}" is no name of a release.`, {
      hint: 'Use up to 250 characters without spaces and slashes.',
      status: 400,
    });
  }
  return deps.db.transaction(async (tx) => {
    const [row] = await tx.query<{ created_at: Date; finalized_at: Date | null; url: string | null }>(
      `INSERT INTO releases (project, version, created_at, url, commits, finalized_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (project, version) DO UPDATE SET
         url = coalesce(excluded.url, releases.url),
         commits = CASE WHEN excluded.commits = '[]' THEN releases.commits ELSE excluded.commits END,
         finalized_at = coalesce(excluded.finalized_at, releases.finalized_at)
       RETURNING created_at, finalized_at, url`,
      [
        project,
        version,
        new Date(deps.now),
        url,
        JSON.stringify(commits.slice(0, 1_000)),
        finalizedAt === null ? null : new Date(finalizedAt),
      ],
    );
    await deps.audit(tx, {
      at: deps.now,
      actor: deps.actor,
      action: 'release.keep',
      target: `release ${version}`,
      detail: { project },
    });
    const kept = row as NonNullable<typeof row>;
    return {
      project,
      version,
      createdAt: kept.created_at.getTime(),
      finalizedAt: kept.finalized_at?.getTime() ?? null,
      url: kept.url,
    };
  });
}

export interface NewDeploy {
  project: string;
  version: string;
  environment: string;
  name?: string | null | undefined;
  url?: string | null | undefined;
  /** Milliseconds since the epoch; left out = now. */
  at?: number | undefined;
}

/** Notes that a release went to an environment. */
export async function addDeploy(deps: ReleaseDeps, given: NewDeploy): Promise<{ id: string; at: number }> {
  await keepRelease(deps, { project: given.project, version: given.version });
  const at = given.at ?? deps.now;
  return deps.db.transaction(async (tx) => {
    const [row] = await tx.query<{ id: string }>(
      'INSERT INTO deploys (project, version, environment, name, url, at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id::text',
      [given.project, given.version, given.environment, given.name ?? null, given.url ?? null, new Date(at)],
    );
    const detail = { project: given.project, environment: given.environment };
    await deps.audit(tx, {
      at: deps.now,
      actor: deps.actor,
      action: 'release.deploy',
      target: `release ${given.version}`,
      detail,
    });
    return { id: (row as { id: string }).id, at };
  });
}

interface SessionCounts {
  project: string;
  version: string;
  sessions: number;
  crashed: number;
  users: number;
  crashedUsers: number;
}

/** The newest releases with how well they do. */
export async function listReleases(
  deps: { db: Queryable; telemetry: Telemetry },
  filter: { reach: Reach; limit: number },
): Promise<ReleaseItem[]> {
  const rows = await deps.db.query<{
    project: string;
    version: string;
    created_at: Date;
    first_seen: Date | null;
    last_seen: Date | null;
    new_issues: number;
    deploys: { environment: string; at: string; name: string | null }[];
  }>(
    `SELECT r.project, r.version, r.created_at, r.first_seen, r.last_seen,
            (SELECT count(*)::int FROM error_issues i WHERE i.project = r.project AND i.first_release = r.version) AS new_issues,
            coalesce((SELECT jsonb_agg(jsonb_build_object('environment', d.environment, 'at', d.at, 'name', d.name) ORDER BY d.at DESC)
                      FROM deploys d WHERE d.project = r.project AND d.version = r.version), '[]') AS deploys
     FROM releases r WHERE $1::text[] IS NULL OR r.project = ANY ($1)
     ORDER BY greatest(r.created_at, r.last_seen) DESC LIMIT $2`,
    [filter.reach, filter.limit],
  );
  const versions = rows.map(({ version }) => version);
  const [sessions, events] = await Promise.all([
    readSessions(deps.telemetry, versions),
    readEventCounts(deps.telemetry, versions),
  ]);
  return rows.map((row) => {
    const key = `${row.project} ${row.version}`;
    const counts = sessions.get(key);
    return {
      project: row.project,
      version: row.version,
      createdAt: row.created_at.toISOString(),
      firstSeen: row.first_seen?.toISOString() ?? null,
      lastSeen: row.last_seen?.toISOString() ?? null,
      events: events.get(key) ?? 0,
      newIssues: row.new_issues,
      sessions: counts?.sessions ?? 0,
      crashFreeSessions: crashFree(counts?.sessions, counts?.crashed),
      crashFreeUsers: crashFree(counts?.users, counts?.crashedUsers),
      deploys: row.deploys.map((deploy) => ({ ...deploy, at: new Date(deploy.at).toISOString() })),
    };
  });
}

/** Percent with three decimals; null when there is nothing to divide by. */
function crashFree(all: number | undefined, crashed: number | undefined): number | null {
  if (!all) return null;
  return Math.round((1 - (crashed ?? 0) / all) * 100_000) / 1_000;
}

async function readSessions(telemetry: Telemetry, versions: readonly string[]): Promise<Map<string, SessionCounts>> {
  if (versions.length === 0) return new Map();
  const rows = await telemetry.query<SessionCounts>(
    `SELECT s.project AS project, s.release AS version,
            sum(greatest(1, s.exited + s.errored + s.crashed + s.abnormal)) AS sessions, sum(s.crashed) AS crashed,
            uniqExactIf(s.userKey, s.userKey != '') AS users,
            uniqExactIf(s.userKey, s.userKey != '' AND s.crashed > 0) AS crashedUsers
     FROM session_rows AS s FINAL WHERE s.release IN {versions:Array(String)}
     GROUP BY s.project, s.release`,
    { versions },
  );
  return new Map(rows.map((row) => [`${row.project} ${row.version}`, row]));
}

async function readEventCounts(telemetry: Telemetry, versions: readonly string[]): Promise<Map<string, number>> {
  if (versions.length === 0) return new Map();
  const rows = await telemetry.query<{ project: string; version: string; count: number }>(
    `SELECT project, release AS version, uniqExact(eventId) AS count FROM error_event_rows
     WHERE release IN {versions:Array(String)} GROUP BY project, release`,
    { versions },
  );
  return new Map(rows.map(({ project, version, count }) => [`${project} ${version}`, count]));
}
