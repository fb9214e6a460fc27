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
