import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { AlertRig, configOf, START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const MONITORS = 2_000;
const CONFIG = `
alert_settings:
  email_notifications: [admin@yumzoom.com]
  escalation_policy: [{delay: 0, notify: [email, slack]}, {delay: 300, notify: [email, slack]}]
`;

let server: StateServer;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(() => server.stop());

test(`${MONITORS} monitors fail at once: one message to each target, one when all is over`, async () => {
  const clock = new FakeClock(START);
  const { db } = await server.database();
  const rig = new AlertRig(configOf(CONFIG), { clock, store: new PostgresAlertStore(db, async () => clock.now()) });
  const set = (state: 'up' | 'down') => {
    rig.monitors = Array.from({ length: MONITORS }, (_, index) => ({
      ...{ id: `shop-${index}`, name: `Shop ${index}`, state, since: clock.now(), severity: 'critical' as const },
      ...{ labels: {}, reason: state === 'down' ? 'expected status 200, got 503' : null },
    }));
  };
  set('up');
  await rig.until(4);
  set('down');
  await rig.until(10);
  expect(rig.timeline().sort()).toEqual(['5 email admin@yumzoom.com firing', '5 slack default firing']);
  expect(rig.receivers.received[0]?.alerts).toHaveLength(MONITORS);
  set('up');
  await rig.until(20);
  expect(rig.timeline().slice(2).sort()).toEqual(['15 email admin@yumzoom.com resolved', '15 slack default resolved']);
});

const INSTANCES = 500;
const BOTH = `  twilio: {account_sid: "AC00000000000000000000000000000000", auth_token: "file-less-token", from: "+442071838751"}
grouping: {by: [environment], group_wait: 10s}
alert_settings:
  email_notifications: [admin@yumzoom.com]
  sms_notifications: ["+442071838750"]
  escalation_policy: [{delay: 0, notify: [email, slack, sms, phone_call]}]
escalation_policies: {all: [{delay: 0, notify: [email, slack, sms, phone_call]}]}
alert_rules:
  - {name: Memory, condition: "last_memory > 85", time_window: 30s, eval_interval: 15s, severity: critical, by: [instance], escalation: all, notifications: [{slack: default}]}
`;

test(`${MONITORS} monitors and ${INSTANCES} instances fail at once: one message, mail, SMS and call`, async () => {
  const clock = new FakeClock(START);
  const { db } = await server.database();
  const channels = ['slack', 'email', 'sms', 'phone_call'];
  const rig = new AlertRig(configOf(BOTH), {
    ...{ clock, channels, store: new PostgresAlertStore(db, async () => clock.now()) },
  });
  const set = (state: 'up' | 'down') => {
    rig.monitors = Array.from({ length: MONITORS }, (_, index) => ({
      ...{ id: `shop-${index}`, name: `Shop ${index}`, state, since: clock.now(), severity: 'critical' as const },
      ...{ labels: {}, reason: state === 'down' ? 'expected status 200, got 503' : null },
    }));
  };
  for (let n = 0; n < INSTANCES; n++) {
    for (const [at, value] of [
      [0, 40],
      [12, 95],
    ] as const) {
      rig.buckets.samples.push({
        series: 'metric:memory',
        at: START + at * 1_000,
        value,
        labels: { instance: `i${n}` },
      });
    }
  }
  set('up');
  await rig.until(9);
  set('down');
  await rig.until(40);
  expect(
    rig
      .timeline()
      .map((line) => line.replace(/^\d+ /, ''))
      .sort(),
  ).toEqual([
    'email admin@yumzoom.com firing',
    'phone_call +442071838750 firing',
    'slack default firing',
    'sms +442071838750 firing',
  ]);
  for (const { alerts } of rig.receivers.received) expect(alerts).toHaveLength(MONITORS + INSTANCES);
});
