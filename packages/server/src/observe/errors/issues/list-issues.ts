import type { ErrorIssue, ErrorStatus } from '@yumops/protocol';
import type { Queryable } from '../../../lib/db.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import type { OwnershipRule } from '../config.ts';
import { at, EVENTS, type Telemetry } from './events-source.ts';
import type { Issue } from './issue.ts';
import { readIssues } from './issue-rows.ts';
import { substatusAt } from './lifecycle.ts';
import { readOwners } from './owners.ts';

export type IssueSort = 'impact' | 'events' | 'users' | 'last' | 'first';

export interface IssueFilter {
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
  status?: ErrorStatus | undefined;
  project?: string | undefined;
  environment?: string | undefined;
  release?: string | undefined;
  level?: string | undefined;
  assignee?: string | undefined;
  /** Words of type, message or place. */
  search?: string | undefined;
  sort: IssueSort;
  limit: number;
  cursor?: string | undefined;
}

/** Points of a histogram. */
export const HISTOGRAM_POINTS = 24;

/** Issues of a range that are looked at; those with the fewest events are left out beyond. */
const MOST_ISSUES = 10_000;

export interface IssueReadDeps {
  db: Queryable;
  telemetry: Telemetry;
  now: number;
  ownership: readonly OwnershipRule[];
}

/** What the events of an issue say of it. */
export interface IssueCounts {
  id: string;
  project: string;
  count: number;
  users: number;
  unhandled: number;
  firstSeen: number;
  lastSeen: number;
  firstRelease: string;
  lastRelease: string;
  type: string | null;
  message: string;
  culprit: string;
  level: string;
  platform: string;
  points: Record<string, number>;
}

/** Lists the issues that had events in a range. */
export async function listIssues(
  deps: IssueReadDeps,
  filter: IssueFilter,
): Promise<{ items: ErrorIssue[]; nextCursor: string | null }> {
  const counts = await countIssues(deps.telemetry, filter);
  const known = await readIssues(
    deps.db,
    counts.map(({ id }) => id),
  );
  const items = counts
    .map((row) => toItem(row, known.get(row.id), deps.now))
    .filter(({ status }) => filter.status === undefined || status === filter.status)
    .filter(({ assignee }) => filter.assignee === undefined || assignee === filter.assignee)
    .sort(comparer(filter.sort));
  const start = readCursor(filter.cursor);
  const end = start + filter.limit;
  const shown = items.slice(start, end);
  const owners = await readOwners(
    deps.telemetry,
    shown.map(({ id }) => id),
    deps.ownership,
  );
  return {
    items: shown.map((item) => ({ ...item, owners: owners.get(item.id) ?? [] })),
    nextCursor: items.length > end ? String(end) : null,
  };
}

/** @throws invalid_cursor (400) */
function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,6}$/.test(cursor)) return Number(cursor);
  throw new YumOpsError('invalid_cursor', 'The cursor is not one that a list gave.', { status: 400 });
}

function comparer(sort: IssueSort): (a: ErrorIssue, b: ErrorIssue) => number {
  const newest = (a: ErrorIssue, b: ErrorIssue) => b.lastSeen.localeCompare(a.lastSeen) || a.id.localeCompare(b.id);
  switch (sort) {
    case 'impact':
      return (a, b) => b.users - a.users || b.count - a.count || newest(a, b);
    case 'events':
      return (a, b) => b.count - a.count || newest(a, b);
    case 'users':
      return (a, b) => b.users - a.users || newest(a, b);
    case 'last':
      return newest;
    case 'first':
      return (a, b) => b.firstSeen.localeCompare(a.firstSeen) || newest(a, b);
  }
}

/** What the stored events say of the issues that pass a filter. @param only one issue */
export function countIssues(telemetry: Telemetry, filter: IssueFilter, only?: string): Promise<IssueCounts[]> {
  const conditions = [`e.timestamp >= ${at('from')}`, `e.timestamp < ${at('to')}`];
  const params: Record<string, unknown> = {
    from: filter.from,
    to: filter.to,
    step: Math.max(1, Math.ceil((filter.to - filter.from) / HISTOGRAM_POINTS)),
    most: MOST_ISSUES,
  };
  const add = (name: string, condition: string, value: string | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    params[name] = value;
  };
  add('id', 'e.issueId = {id:String}', only);
  for (const column of ['project', 'environment', 'release', 'level'] as const) {
    add(column, `e.${column} = {${column}:String}`, filter[column]);
  }
  const text = "concat(ifNull(e.type, ''), ' ', e.message, ' ', e.culprit)";
  add('search', `positionCaseInsensitiveUTF8(${text}, {search:String}) > 0`, filter.search?.trim() || undefined);
  return telemetry.query<IssueCounts>(
    `SELECT e.issueId AS id, any(e.project) AS project, count() AS count, uniqExactIf(e.userKey, e.userKey != '') AS users,
            countIf(e.handled = false) AS unhandled, toUnixTimestamp64Milli(min(e.timestamp)) AS firstSeen,
            toUnixTimestamp64Milli(max(e.timestamp)) AS lastSeen, argMin(e.release, e.timestamp) AS firstRelease,
            argMax(e.release, e.timestamp) AS lastRelease, argMax(e.type, e.timestamp) AS type,
            argMax(e.message, e.timestamp) AS message, argMax(e.culprit, e.timestamp) AS culprit,
            argMax(e.level, e.timestamp) AS level, argMax(e.platform, e.timestamp) AS platform,
            sumMap(map(toString(intDiv(toUnixTimestamp64Milli(e.timestamp) - {from:Int64}, {step:Int64})), toUInt64(1))) AS points
     FROM ${EVENTS} AS e WHERE ${conditions.join(' AND ')}
     GROUP BY e.issueId ORDER BY count DESC, id LIMIT {most:UInt32}`,
    params,
  );
}

/** An issue as people see it. @param issue what was decided of it; none before it was looked at */
export function toItem(row: IssueCounts, issue: Issue | undefined, now: number): ErrorIssue {
  const status = issue?.status ?? 'unresolved';
  return {
    id: row.id,
    project: row.project,
    type: row.type,
    message: row.message,
    culprit: row.culprit,
    level: row.level,
    platform: row.platform,
    status,
    substatus: issue ? substatusAt(issue, now) : 'new',
    count: row.count,
    users: row.users,
    unhandled: row.unhandled > 0,
    firstSeen: iso(Math.min(row.firstSeen, issue?.firstSeen ?? row.firstSeen)),
    lastSeen: iso(row.lastSeen),
    firstRelease: (issue?.firstRelease ?? row.firstRelease) || null,
    lastRelease: row.lastRelease || null,
    assignee: issue?.assignee ?? null,
    owners: [],
    histogram: Array.from({ length: HISTOGRAM_POINTS }, (_, i) => row.points[String(i)] ?? 0),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
