import { beforeEach, expect, test } from 'vitest';
import type { CheckResult, Verdict } from './check.ts';
import type { FinishedCheck } from './check-row.ts';
import { checkRow } from './check-row.ts';
import { MonitorBook } from './monitor-book.ts';
import type { RecordChange } from './state-store.ts';
import { httpMonitor } from './testing/monitors.ts';

const T0 = Date.UTC(2026, 0, 5, 10);
const MINUTE = 60_000;
/** Two intervals and the time limit. */
const STALE = 125_000;
const monitor = httpMonitor('https://yumzoom.app', { locations: ['fra', 'iad', 'syd'], quorum: 2, retries: 0 });

let now: number;
let book: MonitorBook;
let checks: FinishedCheck[];
let changes: RecordChange[];

const recorder = {
  addCheck: (check: FinishedCheck) => checks.push(check),
  addChange: (change: RecordChange) => changes.push(change),
};

beforeEach(() => {
  [now, checks, changes] = [T0, [], []];
  book = new MonitorBook({ recorder, location: 'local', isMine: () => true });
  book.restore(new Map(), now);
  book.adopt([monitor], now);
});

function resultOf(verdict: Verdict): CheckResult {
  const phases = { dns: null, connect: 1, tls: null, firstByte: 1, body: null };
  const reason = verdict === 'up' ? null : 'Refused.';
  return { verdict, reason, durationMs: 2, phases, statusCode: null, certificate: null, evidence: null, named: [] };
}

/** A place tells what it saw, by default just now. */
function see(location: string, verdict: Verdict, at = now, agent: string = location): void {
  const result = resultOf(verdict);
  const seen = { verdict, reason: result.reason };
  const sighting = { id: `${location}-${at}`, location, agent, result, seen, startedAt: at, endedAt: at + 2 };
  book.take(monitor, sighting, now, () => null);
}

function seeAll(verdict: Verdict): void {
  for (const location of monitor.locations) see(location, verdict);
}
const state = () => book.records.get('api')?.state;
const story = () => changes.flatMap(({ transition }) => (transition ? [transition.to] : []));

test('silence of all places is unknown, but not before they had time to report after a start', () => {
  now += STALE - 1;
  book.lookForSilence(now);
  expect(state()).toBe('pending');
  now += 1;
  book.lookForSilence(now);
  expect(book.records.get('api')).toMatchObject({
    state: 'unknown',
    reason: 'No probe agent has reported from fra, iad, syd yet.',
  });
  seeAll('up');
  now += STALE + 1;
  book.lookForSilence(now);
  expect(book.records.get('api')?.reason).toBe('No location has reported for 2 min 5 s: fra, iad, syd.');
  expect(story()).toEqual(['unknown', 'up', 'unknown']);
});

test('after a restart an outage that is over is told by nobody, though every place reports it late', () => {
  seeAll('up');
  const restarted = now + 10 * MINUTE;
  const records = new Map(book.records);
  changes = [];
  now = restarted;
  book = new MonitorBook({ recorder, location: 'local', isMine: () => true });
  book.restore(records, now);
  book.adopt([monitor], now);
  // The agents hand over what they saw meanwhile, in turns.
  for (let minute = 1; minute < 10; minute += 1) {
    const verdict = minute >= 2 && minute <= 4 ? 'down' : 'up';
    for (const place of monitor.locations) see(place, verdict, T0 + minute * MINUTE);
  }
  expect(state()).toBe('up');
  expect(story()).toEqual([]);
  expect(checks.filter(({ result }) => result.verdict === 'down')).toHaveLength(9);
});

test('what a second agent of a place saw of the same time stands for no time; what is told twice is kept once', () => {
  see('fra', 'up', T0 + MINUTE, 'one');
  see('fra', 'up', T0 + 30_000, 'two');
  see('fra', 'up', T0 + MINUTE, 'one');
  expect(checks.map((check) => checkRow(check)['coveredMs'])).toEqual([MINUTE, 0]);
});

test('a row says what the monitor was held to be, or what its place saw where the monitor has moved on', () => {
  see('fra', 'down');
  see('iad', 'up');
  expect(checks.at(-1)?.state).toBe('degraded');
  see('iad', 'down', now + 1);
  expect(checks.at(-1)?.state).toBe('down');
  now += 10 * MINUTE;
  see('syd', 'up', T0 + MINUTE);
  expect(checks.at(-1)?.state).toBe('up');
});

test('a place that is no longer configured is not listened to', () => {
  see('nrt', 'down');
  expect(checks).toEqual([]);
});
