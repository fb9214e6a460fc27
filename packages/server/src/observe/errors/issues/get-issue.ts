import type { ErrorGroup, ErrorIssueDetail, ErrorShare } from '@yumops/protocol';
import { YumOpsError } from '../../../lib/errors.ts';
import type { Grouping } from '../grouping/group.ts';
import { at, EVENTS, type Telemetry } from './events-source.ts';
import type { Issue } from './issue.ts';
import { readIssues } from './issue-rows.ts';
import { countIssues, type IssueReadDeps, toItem } from './list-issues.ts';
import { readOwners } from './owners.ts';

const DAY = 86_400_000;

/** Events of one issue whose tags are counted. */
const TAG_SAMPLE = 5_000;

/** Past actions that are shown. */
const MOST_ACTIVITY = 50;

/**
 * One issue with what its events have in common and why they are one.
 * @throws error_not_found (404)
 */
export async function getIssue(
  deps: IssueReadDeps,
  id: string,
  range: { from: number; to: number },
): Promise<ErrorIssueDetail> {
  const { telemetry, db } = deps;
  const whole = { from: deps.now - 400 * DAY, to: deps.now + DAY };
  const filter = { sort: 'events' as const, limit: 1 };
  const [known, [inRange], [ever]] = await Promise.all([
    readIssues(db, [id]),
    countIssues(telemetry, { ...range, ...filter }, id),
    countIssues(telemetry, { ...whole, ...filter }, id),
  ]);
  const issue = known.get(id);
  const row = inRange ?? (ever && { ...ever, count: 0, users: 0, points: {} });
  if (!row || !ever) throw notFound(id);
  const item = toItem(row, issue, deps.now);
  const [groups, tags, shares, latest, activity, owners] = await Promise.all([
    readGroups(telemetry, id),
    readTags(telemetry, id, range),
    Promise.all([readShares(telemetry, id, 'release', range), readShares(telemetry, id, 'environment', range)]),
    latestEvent(telemetry, id),
    readActivity(deps, id),
    readOwners(telemetry, [id], deps.ownership),
  ]);
  return {
    ...item,
    owners: owners.get(id) ?? [],
    latestEventId: latest,
    groups,
    tags,
    releases: shares[0],
    environments: shares[1],
    resolution: resolutionOf(issue),
    ignore: ignoreOf(issue),
    activity,
  };
}

export function notFound(id: string): YumOpsError {
  return new YumOpsError('error_not_found', `There is no error ${id}.`, { status: 404 });
}

function resolutionOf(issue: Issue | undefined): ErrorIssueDetail['resolution'] {
  if (issue?.status !== 'resolved' || !issue.resolution) return null;
  const { at: ms, ...how } = issue.resolution;
  return { at: new Date(ms).toISOString(), ...how };
}

function ignoreOf(issue: Issue | undefined): ErrorIssueDetail['ignore'] {
  if (issue?.status !== 'ignored' || !issue.ignore) return null;
  const { until, count, users, escalating } = issue.ignore;
  return { until: until === null ? null : new Date(until).toISOString(), count, users, escalating };
}

async function readGroups(telemetry: Telemetry, id: string): Promise<ErrorGroup[]> {
  const rows = await telemetry.query<{
    hash: string;
    count: number;
    firstSeen: number;
    lastSeen: number;
    grouping: string;
    moved: boolean;
  }>(
    `SELECT groupHash AS hash, count() AS count, toUnixTimestamp64Milli(min(timestamp)) AS firstSeen,
            toUnixTimestamp64Milli(max(timestamp)) AS lastSeen, argMax(grouping, timestamp) AS grouping, any(moved) AS moved
     FROM ${EVENTS} WHERE issueId = {id:String} GROUP BY groupHash ORDER BY count DESC LIMIT 100`,
    { id },
  );
  return rows.map((row) => {
    const { by, parts, rootCause } = JSON.parse(row.grouping) as Grouping;
    const { hash, count, firstSeen, lastSeen } = row;
    const [first, last] = [firstSeen, lastSeen].map((ms) => new Date(ms).toISOString()) as [string, string];
    return { hash, count, firstSeen: first, lastSeen: last, by, parts, rootCause, merged: hash !== id };
  });
}

async function readTags(telemetry: Telemetry, id: string, range: { from: number; to: number }) {
  const rows = await telemetry.query<{ key: string; value: string; count: number }>(
    `SELECT pair.1 AS key, pair.2 AS value, count() AS count
     FROM (SELECT tags, environment, release, level FROM ${EVENTS}
           WHERE issueId = {id:String} AND timestamp >= ${at('from')} AND timestamp < ${at('to')}
           ORDER BY timestamp DESC LIMIT {sample:UInt32})
     ARRAY JOIN arrayZip(mapKeys(tags), mapValues(tags)) AS pair
     GROUP BY key, value ORDER BY count DESC LIMIT 10 BY key LIMIT 500`,
    { id, ...range, sample: TAG_SAMPLE },
  );
  const tags = new Map<string, ErrorShare[]>();
  for (const { key, value, count } of rows) tags.set(key, [...(tags.get(key) ?? []), { value, count }]);
  return [...tags].map(([key, values]) => ({ key, values })).sort((a, b) => a.key.localeCompare(b.key));
}

async function readShares(
  telemetry: Telemetry,
  id: string,
  column: 'release' | 'environment',
  range: { from: number; to: number },
): Promise<ErrorShare[]> {
  return telemetry.query<ErrorShare>(
    `SELECT ${column} AS value, count() AS count FROM ${EVENTS}
     WHERE issueId = {id:String} AND ${column} != '' AND timestamp >= ${at('from')} AND timestamp < ${at('to')}
     GROUP BY value ORDER BY count DESC LIMIT 20`,
    { id, ...range },
  );
}

async function latestEvent(telemetry: Telemetry, id: string): Promise<string | null> {
  const [row] = await telemetry.query<{ eventId: string }>(
    `SELECT eventId FROM ${EVENTS} WHERE issueId = {id:String} ORDER BY timestamp DESC, eventId DESC LIMIT 1`,
    { id },
  );
  return row?.eventId ?? null;
}

async function readActivity({ db }: IssueReadDeps, id: string): Promise<ErrorIssueDetail['activity']> {
  const rows = await db.query<{ at: Date; actor: string; action: string; detail: Record<string, unknown> }>(
    `SELECT at, actor, action, detail FROM audit_log WHERE target = $1 AND action LIKE 'error.%' ORDER BY at DESC LIMIT $2`,
    [`error ${id}`, MOST_ACTIVITY],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
