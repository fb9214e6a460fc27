import type { Issue, Sighting } from './issue.ts';
import { compareReleases, type KnownRelease, releaseWith } from './release-order.ts';

/** How often an issue came since it is ignored. */
export interface IgnoredCounts {
  count: number;
  users: number;
  lastHour: number;
  /** Events an hour in the week before. */
  usualPerHour: number;
}

/** A rate that is much higher than usual: this many times, and at least so many events in an hour. */
const ESCALATES = { times: 3, atLeast: 10 };

/** Time for which an issue is new, milliseconds. */
const NEW_FOR = 7 * 86_400_000;

/** An issue at its first event. */
export function newIssue(sighting: Sighting, now: number): Issue {
  return {
    id: sighting.issueId,
    project: sighting.project,
    status: 'unresolved',
    substatus: 'new',
    firstSeen: sighting.firstSeen,
    lastSeen: sighting.lastSeen,
    firstRelease: sighting.release,
    lastRelease: sighting.release,
    assignee: null,
    changedAt: now,
    resolution: null,
    ignore: null,
  };
}

/**
 * What an issue is after more events of it. The same events may be told again: they change nothing.
 * @param releases those of the project that are known
 * @param counts of an ignored issue
 */
export function afterSighting(
  issue: Issue,
  sighting: Sighting,
  context: { now: number; releases: ReadonlyMap<string, KnownRelease>; counts?: IgnoredCounts | undefined },
): Issue {
  const seen: Issue = {
    ...issue,
    firstSeen: Math.min(issue.firstSeen, sighting.firstSeen),
    lastSeen: Math.max(issue.lastSeen, sighting.lastSeen),
    firstRelease: sighting.firstSeen < issue.firstSeen ? sighting.release : issue.firstRelease,
    lastRelease: sighting.lastSeen >= issue.lastSeen ? sighting.release : issue.lastRelease,
  };
  if (isRegression(issue, sighting, context.releases)) {
    return { ...seen, status: 'unresolved', substatus: 'regressed', resolution: null, changedAt: context.now };
  }
  const reason = reasonToReturn(issue, sighting, context.now, context.counts);
  if (reason === undefined) return seen;
  return { ...seen, status: 'unresolved', substatus: reason, ignore: null, changedAt: context.now };
}

function isRegression(issue: Issue, sighting: Sighting, releases: ReadonlyMap<string, KnownRelease>): boolean {
  const { resolution } = issue;
  if (issue.status !== 'resolved' || resolution === null || sighting.lastSeen <= resolution.at) return false;
  const fixed =
    resolution.commit === null ? resolution.release : releaseWith(resolution.commit, releases.values())?.version;
  // Nothing that runs is known to have the fix.
  if (fixed === undefined) return false;
  if (fixed === null || sighting.release === null) return true;
  const known = (version: string) => releases.get(version) ?? { version, since: sighting.firstSeen };
  const order = compareReleases(known(sighting.release), known(fixed));
  return resolution.inNextRelease ? order > 0 : order >= 0;
}

function reasonToReturn(
  { status, ignore }: Issue,
  sighting: Sighting,
  now: number,
  counts: IgnoredCounts | undefined,
): 'ongoing' | 'escalating' | undefined {
  if (status !== 'ignored' || ignore === null || sighting.lastSeen <= ignore.at) return undefined;
  if (ignore.until !== null && now >= ignore.until) return 'ongoing';
  if (!counts) return undefined;
  if (ignore.count !== null && counts.count >= ignore.count) return 'ongoing';
  if (ignore.users !== null && counts.users >= ignore.users) return 'ongoing';
  return ignore.escalating && escalates(counts) ? 'escalating' : undefined;
}

function escalates({ lastHour, usualPerHour }: IgnoredCounts): boolean {
  return lastHour >= ESCALATES.atLeast && lastHour > usualPerHour * ESCALATES.times;
}

/** What an issue is called now: one that was new long ago goes on. */
export function substatusAt({ status, substatus, firstSeen }: Issue, now: number): Issue['substatus'] {
  if (status !== 'unresolved') return null;
  return substatus === 'new' && now - firstSeen > NEW_FOR ? 'ongoing' : substatus;
}
