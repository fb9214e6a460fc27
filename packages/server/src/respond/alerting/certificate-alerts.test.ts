import { expect, test } from 'vitest';
import { configOf } from '../../../test/support/alert-rig.ts';
import { certificateStep } from './certificate-alerts.ts';
import { Plans } from './plans.ts';
import type { MonitorStatus } from './ports.ts';
import { Watched } from './watched.ts';

const DAY = 86_400_000;
const T0 = Date.UTC(2026, 0, 5, 10);
const shop: MonitorStatus = {
  id: 'shop',
  name: 'Shop',
  state: 'up',
  since: T0,
  reason: null,
  severity: 'critical',
  labels: {},
};

/** What is told while the days that are left go by, one value a day. */
function tell(days: readonly (number | null)[], changes: Partial<MonitorStatus> = {}): string[] {
  const plans = new Plans(configOf('alert_settings: {email_notifications: [a@yumzoom.com]}'), new Set(['email']));
  const watched = new Watched(plans, []);
  return days.flatMap((certificateDays, index) =>
    watched
      .monitors([{ ...shop, ...changes, certificateDays }], T0 + index * DAY)
      .occurrences.map((one) =>
        one.type === 'begins'
          ? `${one.subject.severity}: ${one.subject.summary}`
          : `end: ${one.subject?.summary ?? one.reason}`,
      ),
  );
}

test.each([
  [31, undefined],
  [30, undefined],
  [29, 30],
  [14, 30],
  [13, 14],
  [7, 14],
  [6, 7],
  [1, 7],
  [0, 1],
  [-1, undefined],
])('with %i days left the step is %s', (days, step) => {
  expect(certificateStep(days)).toBe(step);
});

test('each step is told once on the way down, and the renewal ends it', () => {
  expect(tell([31, 29, 28, 13, 6, 3, 0, 89])).toEqual([
    'warning: The certificate of Shop ends in less than 30 days: 29 days left',
    'end: The certificate of Shop: a later warning has taken its place',
    'warning: The certificate of Shop ends in less than 14 days: 13 days left',
    'end: The certificate of Shop: a later warning has taken its place',
    'warning: The certificate of Shop ends in less than 7 days: 6 days left',
    'end: The certificate of Shop: a later warning has taken its place',
    'critical: The certificate of Shop ends in less than a day: 0 days left',
    'end: The certificate of Shop was renewed: 89 days left',
  ]);
});

test('a monitor without a certificate, or one that is paused, warns of nothing', () => {
  expect(tell([null, null])).toEqual([]);
  expect(tell([5], { state: 'paused' })).toEqual([]);
});

test('an outage of the monitor is told beside the warning', () => {
  expect(tell([5], { state: 'down', reason: 'Refused.' })).toEqual([
    'critical: Shop is down: Refused.',
    'warning: The certificate of Shop ends in less than 7 days: 5 days left',
  ]);
});
