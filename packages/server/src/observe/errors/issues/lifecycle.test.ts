import { describe, expect, it } from 'vitest';
import type { Issue, Sighting } from './issue.ts';
import { afterSighting, newIssue, substatusAt } from './lifecycle.ts';
import { compareReleases } from './release-order.ts';

const NOW = Date.UTC(2026, 10, 29);
const sighting = (lastSeen: number, release: string | null = null): Sighting => ({
  issueId: 'i',
  project: '1',
  release,
  firstSeen: lastSeen,
  lastSeen,
});
const RELEASES = new Map(
  ['app@1.0.0', 'app@1.1.0', 'app@1.2.0'].map((version, since) => {
    const commits = since === 1 ? ['abcdef0123456789'] : [];
    return [version, { version, since, commits }];
  }),
);
const after = (issue: Issue, seen: Sighting, counts?: Parameters<typeof afterSighting>[2]['counts']) =>
  afterSighting(issue, seen, { now: NOW + 10, releases: RELEASES, counts });

describe('resolved', () => {
  const resolved = (release: string | null, inNextRelease = false, commit: string | null = null): Issue => ({
    ...newIssue(sighting(NOW - 1_000, 'app@1.0.0'), NOW),
    status: 'resolved',
    substatus: null,
    resolution: { at: NOW, by: 'ada', release, inNextRelease, commit },
  });
  it.each<[string, Issue, Sighting, string]>([
    ['now, an event after', resolved(null), sighting(NOW + 5), 'unresolved'],
    ['now, an event that happened before', resolved(null), sighting(NOW - 5), 'resolved'],
    ['in 1.1, an event of 1.0', resolved('app@1.1.0'), sighting(NOW + 5, 'app@1.0.0'), 'resolved'],
    ['in 1.1, an event of 1.1', resolved('app@1.1.0'), sighting(NOW + 5, 'app@1.1.0'), 'unresolved'],
    [
      'in the next release, an event of this one',
      resolved('app@1.1.0', true),
      sighting(NOW + 5, 'app@1.1.0'),
      'resolved',
    ],
    [
      'in the next release, an event of the next',
      resolved('app@1.1.0', true),
      sighting(NOW + 5, 'app@1.2.0'),
      'unresolved',
    ],
    [
      'by a commit of 1.1, an event of 1.0',
      resolved(null, false, 'abcdef0'),
      sighting(NOW + 5, 'app@1.0.0'),
      'resolved',
    ],
    [
      'by a commit of 1.1, an event of 1.2',
      resolved(null, false, 'ABCDEF0'),
      sighting(NOW + 5, 'app@1.2.0'),
      'unresolved',
    ],
    ['by a commit that is in no release', resolved(null, false, '1234567'), sighting(NOW + 5, 'app@1.2.0'), 'resolved'],
    ['in a release, an event that tells none', resolved('app@1.1.0'), sighting(NOW + 5), 'unresolved'],
  ])('%s', (_name, issue, seen, status) => {
    const next = after(issue, seen);
    expect(next.status).toBe(status);
    expect(next.substatus).toBe(status === 'unresolved' ? 'regressed' : null);
    expect(after(next, seen).status).toBe(status);
  });
});

describe('ignored', () => {
  const ignored = (ignore: Partial<NonNullable<Issue['ignore']>>): Issue => ({
    ...newIssue(sighting(NOW - 1_000), NOW),
    status: 'ignored',
    substatus: null,
    ignore: { at: NOW, until: null, count: null, users: null, escalating: false, ...ignore },
  });
  const counts = { count: 5, users: 2, lastHour: 5, usualPerHour: 1 };
  it.each<[string, Issue, typeof counts, string, string | null]>([
    ['for good', ignored({}), counts, 'ignored', null],
    ['until a time that is over', ignored({ until: NOW + 5 }), counts, 'unresolved', 'ongoing'],
    ['until a time to come', ignored({ until: NOW + 50 }), counts, 'ignored', null],
    ['until five events', ignored({ count: 5 }), counts, 'unresolved', 'ongoing'],
    ['until six events', ignored({ count: 6 }), counts, 'ignored', null],
    ['until two people', ignored({ users: 2 }), counts, 'unresolved', 'ongoing'],
    ['until it escalates, few events', ignored({ escalating: true }), counts, 'ignored', null],
    [
      'until it escalates, many more than usual',
      ignored({ escalating: true }),
      { ...counts, lastHour: 20 },
      'unresolved',
      'escalating',
    ],
    [
      'until it escalates, as many as usual',
      ignored({ escalating: true }),
      { ...counts, lastHour: 20, usualPerHour: 10 },
      'ignored',
      null,
    ],
  ])('%s', (_name, issue, known, status, substatus) => {
    expect(after(issue, sighting(NOW + 6), known)).toMatchObject({ status, substatus });
  });
});

it('a new issue goes on after a week', () => {
  const issue = newIssue(sighting(NOW), NOW);
  expect(substatusAt(issue, NOW + 1)).toBe('new');
  expect(substatusAt(issue, NOW + 8 * 86_400_000)).toBe('ongoing');
});

it('releases are ordered by their numbers, others by when they were first known', () => {
  const order = (a: string, b: string) =>
    Math.sign(compareReleases({ version: a, since: 2 }, { version: b, since: 1 }));
  expect(order('app@1.10.0', 'app@1.9.0')).toBe(1);
  expect(order('1.0.0-beta.2', '1.0.0-beta.10')).toBe(-1);
  expect(order('1.0.0-beta.2', '1.0.0')).toBe(-1);
  expect(order('v2.0', '1.9.9')).toBe(1);
  expect(order('da39a3e', 'fe01b2c')).toBe(1);
  expect(order('a@1.0.0', 'b@2.0.0')).toBe(1);
});
