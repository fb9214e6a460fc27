import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monitorOf } from '../../testing/monitors.ts';
import { afterSignal, type Beats, judgeBeats, NO_BEATS, type Signal } from './beats.ts';
import type { HeartbeatMonitorConfig } from './config.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.UTC(2026, 2, 7, 8);

const heartbeat = (keys: Record<string, unknown> = {}) =>
  monitorOf({ kind: 'heartbeat', every: '60m', grace: '15m', ...keys }) as HeartbeatMonitorConfig;

/** `start@0 success@5 3@70`: signals with the minute at which they came; a number is an exit code. */
function played(story: string): Beats {
  const signals = story.split(' ').filter((word) => word !== '');
  return signals.reduce((beats, word) => {
    const [what = '', minute] = word.split('@');
    const exit = /^\d+$/.test(what) ? Number(what) : null;
    const kind = exit === null ? (what as Signal['kind']) : exit === 0 ? 'success' : 'fail';
    return afterSignal(beats, {
      kind,
      exit,
      at: T0 + Number(minute) * MINUTE,
      output: kind === 'fail' ? 'a\nno disk\n' : '',
    });
  }, NO_BEATS);
}

function judged(story: string, minute: number, keys: Record<string, unknown> = {}) {
  const { verdict, reason } = judgeBeats(played(story), heartbeat(keys), T0 + minute * MINUTE);
  return [verdict, reason];
}

describe('every hour, 15 minutes of grace', () => {
  test.each<[story: string, minute: number, verdict: string, reason: string | null]>([
    ['', 10_000, 'pending', null],
    ['success@0', 75, 'up', null],
    ['success@0', 76, 'down', 'Expected a beat every 1 h, the last came at 2026-03-07 08:00:00 UTC.'],
    ['success@0 success@200', 210, 'up', null],
    ['start@0', 75, 'up', null],
    ['start@0', 76, 'down', 'Expected a beat every 1 h, the last came at 2026-03-07 08:00:00 UTC.'],
    ['success@0 fail@5', 6, 'down', 'Expected the job to succeed, it failed at 2026-03-07 08:05:00 UTC: "no disk".'],
    [
      'success@0 3@5',
      6,
      'down',
      'Expected the job to succeed, it failed with exit code 3 at 2026-03-07 08:05:00 UTC: "no disk".',
    ],
    [
      '3@5 start@10',
      11,
      'down',
      'Expected the job to succeed, it failed with exit code 3 at 2026-03-07 08:05:00 UTC: "no disk".',
    ],
    ['3@5 start@10 0@12', 13, 'up', null],
    [
      'start@0 start@60',
      61,
      'degraded',
      'Expected a run to end before the next begins, the one of 2026-03-07 08:00:00 UTC had not ended.',
    ],
    ['start@0 start@60 success@61', 62, 'up', null],
    ['start@0 success@10 start@60', 61, 'up', null],
  ])('%s at %i is %s', (story, minute, verdict, reason) => {
    expect(judged(story, minute)).toEqual([verdict, reason]);
  });
});

test('a run may take so long and no longer, whatever else is due', () => {
  expect(judged('start@0', 30, { max_runtime: '30m' })[0]).toBe('up');
  expect(judged('start@0', 31, { max_runtime: '30m' })).toEqual([
    'down',
    'Expected the job to end within 30 min, it has run since 2026-03-07 08:00:00 UTC.',
  ]);
  expect(judged('start@0 success@40', 41, { max_runtime: '30m' })[0]).toBe('up');
});

describe('a schedule in a zone', () => {
  const nightly = { every: undefined, schedule: '0 3 * * *', time_zone: 'America/New_York', grace: '15m' };
  const at = (iso: string) => (Date.parse(iso) - T0) / MINUTE;

  test('the next run is due by the clock of the zone, also where the day has 23 hours', () => {
    const beat = `success@${at('2026-03-07T08:05:00Z')}`;
    expect(judged(beat, at('2026-03-08T07:15:00Z'), nightly)[0]).toBe('up');
    expect(judged(beat, at('2026-03-08T07:15:01Z'), nightly)).toEqual([
      'down',
      'Expected a beat at 2026-03-08 07:00:00 UTC, the last came at 2026-03-07 08:05:00 UTC.',
    ]);
  });

  test('a run that starts late and takes long is not missed until the next one is', () => {
    expect(judged(`start@${at('2026-03-07T08:10:00Z')}`, at('2026-03-08T07:00:00Z'), nightly)[0]).toBe('up');
  });
});

test('durations of runs whose start was told', () => {
  expect(played('start@0 success@12').lastRunMs).toBe(12 * MINUTE);
  expect(played('success@12').lastRunMs).toBeNull();
  expect(played('start@0 success@12 success@13').lastRunMs).toBeNull();
});

test('what is judged depends on the beats alone: looking often or never between is the same', () => {
  const signal = fc.record({
    kind: fc.constantFrom('start', 'success', 'fail') as fc.Arbitrary<Signal['kind']>,
    waitMs: fc.integer({ min: 1, max: 3 * HOUR }),
  });
  fc.assert(
    fc.property(fc.array(signal, { maxLength: 12 }), fc.integer({ min: 0, max: 5 * HOUR }), (signals, laterMs) => {
      const monitor = heartbeat({ max_runtime: '2h' });
      let now = T0;
      let beats = NO_BEATS;
      for (const { kind, waitMs } of signals) {
        now += waitMs;
        beats = afterSignal(beats, { kind, at: now, exit: null, output: '' });
        const { verdict } = judgeBeats(beats, monitor, now);
        if (kind === 'fail') expect(verdict).toBe('down');
        if (kind === 'success') expect(verdict).toBe('up');
      }
      const { verdict, reason } = judgeBeats(JSON.parse(JSON.stringify(beats)) as Beats, monitor, now + laterMs);
      expect(verdict === 'pending').toBe(signals.length === 0);
      expect(reason === null).toBe(verdict === 'up' || verdict === 'pending');
      if (signals.length > 0 && laterMs > 75 * MINUTE) expect(verdict).toBe('down');
    }),
  );
});

describe('the configuration', () => {
  test('defaults: grace is a fifth of every, at most five minutes; a beat that is missing is down at once', () => {
    expect(heartbeat({ every: '10s', grace: undefined })).toMatchObject({
      graceMs: 2_000,
      retries: 0,
      intervalMs: 1_000,
      schedule: { kind: 'every', ms: 10_000 },
    });
    expect(heartbeat({ every: '10s', grace: '0s' })).toMatchObject({ graceMs: 0, intervalMs: 1_000 });
    expect(heartbeat({ grace: undefined })).toMatchObject({ graceMs: 300_000, intervalMs: 30_000 });
  });

  test.each<[Record<string, unknown>, string]>([
    [{ every: undefined }, 'a heartbeat has exactly one of every and schedule'],
    [{ schedule: '0 3 * * *' }, 'a heartbeat has exactly one of every and schedule'],
    [{ every: undefined, schedule: '0 25 * * *' }, '"0 25 * * *" is not a cron expression'],
    [{ every: undefined, schedule: '0 3 31 2 *' }, '"0 3 31 2 *" never comes'],
    [{ every: undefined, schedule: '0 3 * * *', time_zone: 'Mars/Base' }, '"Mars/Base" is not a time zone'],
  ])('%o is refused', (keys, message) => {
    expect(() => heartbeat(keys)).toThrow(message);
  });
});
