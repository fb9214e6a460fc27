import { describe, expect, test } from 'vitest';
import type { Issue } from '../../lib/finding.ts';
import { compileWindow, type RawWindow } from './config.ts';
import { plannedBy } from './planned.ts';
import { covers, nextOpening, openAt, openings, type Window } from './window.ts';

function windowOf(raw: Partial<RawWindow>, kind: Window['kind'] = 'maintenance'): Window {
  const issues: Issue[] = [];
  const names = { monitors: ['Homepage'], slos: ['api'] };
  const compiled = compileWindow({ name: 'Work', ...raw }, kind, names, (issue) => issues.push(issue));
  if (!compiled || issues.some(({ code }) => code.startsWith('E'))) throw new Error(JSON.stringify(issues));
  return compiled;
}

const at = (text: string) => Date.parse(text);
const shown = (window: Window, from: string, to: string) =>
  openings(window, at(from), at(to)).map(
    ({ start, end }) => `${new Date(start).toISOString().slice(0, 16)} ${new Date(end).toISOString().slice(0, 16)}`,
  );

describe('openings on the wall clock', () => {
  test.each([
    [
      'once, in winter time',
      { from: '2026-01-10T22:00', to: '2026-01-11T00:30', time_zone: 'Europe/London' },
      '2026-01-01T00:00Z',
      '2026-02-01T00:00Z',
      ['2026-01-10T22:00 2026-01-11T00:30'],
    ],
    [
      'once, over the hour that does not exist',
      { from: '2026-03-29T00:30', to: '2026-03-29T03:00', time_zone: 'Europe/London' },
      '2026-03-01T00:00Z',
      '2026-04-01T00:00Z',
      ['2026-03-29T00:30 2026-03-29T02:00'],
    ],
    [
      'every Sunday, over both changes of the clocks: the wall clock counts',
      { days: ['sun'] as RawWindow['days'], from: '01:00', to: '04:00', time_zone: 'Europe/London' },
      '2026-03-22T00:00Z',
      '2026-04-06T00:00Z',
      ['2026-03-22T01:00 2026-03-22T04:00', '2026-03-29T01:00 2026-03-29T03:00', '2026-04-05T00:00 2026-04-05T03:00'],
    ],
    [
      'when the hour comes twice, the first counts for the start',
      { days: ['sun'] as RawWindow['days'], from: '01:30', to: '02:30', time_zone: 'Europe/London' },
      '2026-10-25T00:00Z',
      '2026-10-26T00:00Z',
      ['2026-10-25T00:30 2026-10-25T02:30'],
    ],
    [
      'nights end on the next day',
      { from: '22:00', to: '06:00', time_zone: 'America/New_York' },
      '2026-06-01T12:00Z',
      '2026-06-02T12:00Z',
      ['2026-06-02T02:00 2026-06-02T10:00'],
    ],
    [
      'the first Sunday of a month, for an elapsed time',
      { schedule: '0 2 * * 0#1', for: '2h', time_zone: 'Europe/Berlin' },
      '2026-03-01T00:00Z',
      '2026-05-01T00:00Z',
      ['2026-03-01T01:00 2026-03-01T03:00', '2026-04-05T00:00 2026-04-05T02:00'],
    ],
    [
      'a cron time that does not exist comes at the first that does',
      { schedule: '30 1 29 3 *', for: '1h', time_zone: 'Europe/London' },
      '2026-03-29T00:00Z',
      '2026-03-30T00:00Z',
      ['2026-03-29T01:00 2026-03-29T02:00'],
    ],
  ])('%s', (_title, raw, from, to, expected) => {
    expect(shown(windowOf(raw), from, to)).toEqual(expected);
  });

  test('a window that was ended is not open any more, and what it covered stays covered', () => {
    const window = { ...windowOf({ from: '01:00', to: '03:00' }), endedAt: at('2026-01-02T02:00Z') };
    expect(shown(window, '2026-01-01T00:00Z', '2026-01-04T00:00Z')).toEqual([
      '2026-01-01T01:00 2026-01-01T03:00',
      '2026-01-02T01:00 2026-01-02T02:00',
    ]);
    expect(openAt(window, at('2026-01-02T02:00Z'))).toBeNull();
    expect(nextOpening(window, at('2026-01-02T02:30Z'))).toBeNull();
  });

  test('its end is not part of it', () => {
    const window = windowOf({ from: '01:00', to: '03:00' });
    expect(openAt(window, at('2026-01-01T01:00Z'))).not.toBeNull();
    expect(openAt(window, at('2026-01-01T02:59:59.999Z'))).not.toBeNull();
    expect(openAt(window, at('2026-01-01T03:00Z'))).toBeNull();
    expect(nextOpening(window, at('2026-01-01T03:00Z'))?.start).toBe(at('2026-01-02T01:00Z'));
  });
});

const HOURS = { from: '01:00', to: '03:00' };

test.each<[Partial<RawWindow>, Record<string, string>, boolean]>([
  [{}, { alertname: 'Load' }, true],
  [{ monitors: 'Homepage' }, { alertname: 'Monitor down', monitor: 'Homepage' }, true],
  [{ monitors: 'Homepage' }, { alertname: 'Load', service: 'api' }, false],
  [{ services: ['api', 'shop'] }, { service: 'shop' }, true],
  [{ services: 'api', monitors: 'Homepage' }, { monitor: 'Homepage' }, true],
  [{ slos: 'api' }, { slo: 'api', service: 'web' }, true],
  [{ environment: 'staging' }, { environment: 'production' }, false],
  [{ environment: 'staging', services: 'api' }, { environment: 'staging', service: 'api' }, true],
  [{ matchers: ['team=shop', 'severity!=critical'] }, { team: 'shop', severity: 'warning' }, true],
  [{ matchers: ['team=shop', 'severity!=critical'] }, { team: 'shop', severity: 'critical' }, false],
])('%j covers %j: %s', (scope, labels, expected) => {
  expect(covers(windowOf({ ...HOURS, ...scope }), labels)).toBe(expected);
});

test('maintenance mutes and excludes, a mute time only mutes; of two the one that ends last counts', () => {
  const slos = [{ name: 'api', labels: { service: 'api' } }];
  const work = windowOf({ name: 'Patching', from: '01:00', to: '02:00', services: 'api', reason: 'kernel' });
  const quiet = windowOf({ name: 'Nights', from: '00:00', to: '06:00' }, 'mute');
  const planned = plannedBy([work, quiet], slos);
  const noon = at('2026-01-01T01:30Z');
  expect(planned.muteOf({ service: 'api' }, noon)).toEqual({
    reason: 'mute time "Nights" until 2026-01-01T06:00:00.000Z',
    until: at('2026-01-01T06:00Z'),
  });
  expect(plannedBy([work], slos).muteOf({ service: 'api' }, noon)?.reason).toBe(
    'planned work "Patching" until 2026-01-01T02:00:00.000Z: kernel',
  );
  expect(plannedBy([work], slos).muteOf({ service: 'web' }, noon)).toBeNull();
  expect(planned.excludedOf('api', at('2026-01-01T01:30Z'), at('2026-01-03T00:00Z'))).toEqual([
    { start: at('2026-01-01T01:30Z'), end: at('2026-01-01T02:00Z') },
    { start: at('2026-01-02T01:00Z'), end: at('2026-01-02T02:00Z') },
  ]);
});
