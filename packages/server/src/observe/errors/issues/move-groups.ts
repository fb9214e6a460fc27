import { createHash } from 'node:crypto';
import { YumOpsError } from '../../../lib/errors.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import { type ChangeDeps, issueFromEvents } from './change-issue.ts';
import { EVENTS } from './events-source.ts';
import { notFound } from './get-issue.ts';
import type { Issue } from './issue.ts';
import { readIssues, writeIssues } from './issue-rows.ts';

export interface MoveDeps extends ChangeDeps {
  telemetry: Pick<TelemetryStore, 'query' | 'insert'>;
}

interface Group {
  project: string;
  groupHash: string;
  issueId: string;
}

/**
 * Makes several issues one: the one that is named first, whose status stays.
 * @throws error_not_found (404), invalid_merge (400)
 */
export async function mergeIssues(deps: MoveDeps, into: string, others: readonly string[]): Promise<void> {
  const from = [...new Set(others)].filter((id) => id !== into);
  const groups = await groupsOf(deps, [into, ...from]);
  const missing = [into, ...from].find((id) => !groups.some(({ issueId }) => issueId === id));
  if (missing !== undefined) throw notFound(missing);
  const [kept] = groups.filter(({ issueId }) => issueId === into);
  if (from.length === 0 || groups.some(({ project }) => project !== kept?.project)) {
    throw new YumOpsError('invalid_merge', 'Merging needs two errors of one project.', { status: 400 });
  }
  await move(
    deps,
    groups.filter(({ issueId }) => issueId !== into).map((group) => ({ ...group, issueId: into })),
  );
  await record(deps, into, { action: 'error.merge', detail: { merged: from } }, from);
}

/**
 * Takes groups out of an issue again; each is an issue of its own then.
 * @throws error_not_found (404), invalid_split (400)
 */
export async function splitIssue(deps: MoveDeps, id: string, hashes: readonly string[]): Promise<void> {
  const groups = await groupsOf(deps, [id]);
  if (groups.length === 0) throw notFound(id);
  const taken = groups.filter(({ groupHash }) => hashes.includes(groupHash) && groupHash !== id);
  if (taken.length === 0 || taken.length < new Set(hashes).size) {
    throw new YumOpsError('invalid_split', 'Only groups that were merged into an error can be taken out of it.', {
      hint: 'The detail of the error lists its groups.',
      status: 400,
    });
  }
  await move(
    deps,
    taken.map((group) => ({ ...group, issueId: group.groupHash })),
  );
  await record(deps, id, { action: 'error.split', detail: { groups: taken.map(({ groupHash }) => groupHash) } }, []);
}

function groupsOf({ telemetry }: MoveDeps, ids: readonly string[]): Promise<Group[]> {
  return telemetry.query<Group>(
    `SELECT DISTINCT project, groupHash, issueId FROM ${EVENTS} WHERE issueId IN {ids:Array(String)}`,
    { ids },
  );
}

async function move({ telemetry, now }: MoveDeps, groups: readonly Group[]): Promise<void> {
  const rows = groups.map((group) => JSON.stringify({ ...group, version: now })).join('\n');
  const token = createHash('sha256').update(rows).digest('hex');
  await telemetry.insert('error_group_moves', Buffer.from(`${rows}\n`), { token, rowCount: groups.length });
}

/** Brings the kept issues in line with their events, and notes who did it. */
async function record(
  deps: MoveDeps,
  id: string,
  entry: { action: string; detail: Record<string, unknown> },
  gone: readonly string[],
): Promise<void> {
  const { db, audit, now, actor, telemetry } = deps;
  const fromEvents = await issueFromEvents(telemetry, id, now);
  await db.transaction(async (tx) => {
    const issue = (await readIssues(tx, [id], true)).get(id);
    const merged = issue && fromEvents ? { ...issue, ...timesOf(fromEvents), changedAt: now } : fromEvents;
    if (merged) await writeIssues(tx, [merged]);
    if (gone.length > 0) await tx.query('DELETE FROM error_issues WHERE id = ANY($1)', [gone]);
    await audit(tx, { at: now, actor, target: `error ${id}`, ...entry });
  });
}

function timesOf({ firstSeen, lastSeen, firstRelease }: Issue): Partial<Issue> {
  return { firstSeen, lastSeen, firstRelease };
}
