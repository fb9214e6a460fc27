import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import type { AlertStore } from '../../src/respond/alerting/ports.ts';
import { MemoryAlertStore } from '../../src/respond/alerting/state/memory.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { AlertRig, configOf, type RigOptions, START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const ERROR_RATE = `
alert_settings:
  email_notifications: [admin@yumzoom.com]
  sms_notifications: ["+442071838750"]
alert_rules:
  - name: High Error Rate
    condition: "error_rate > 5%"
    time_window: 5 minutes
    severity: critical
    eval_interval: 15s
    notifications: [{slack: "#alerts"}, {email: [devops@yumzoom.com]}, {pagerduty: high-priority}]
escalation_policies:
  high-priority:
    - {delay: 0, notify: [slack, email]}
    - {delay: 300, notify: [slack, email, sms]}
    - {delay: 900, notify: [slack, email, sms, phone_call]}
`;

/** 10 requests a second; 20 % fail from t = 1 to `until`. */
function burst(rig: AlertRig, until = 600): void {
  rig.requests(-299, 0, 1, 10, 0);
  rig.requests(1, until, 1, 10, 2);
  rig.requests(until + 1, 4_000, 1, 10, 0);
}

let server: StateServer;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(async () => {
  await server.stop();
});

const STORES: [string, (clock: FakeClock) => Promise<AlertStore>][] = [
  ['memory', async (clock) => new MemoryAlertStore(() => clock.now())],
  ['Postgres', async (clock) => new PostgresAlertStore((await server.database()).db, async () => clock.now())],
];

describe.each(STORES)('on %s', (_name, makeStore) => {
  async function rigOf(yaml: string, options: RigOptions = {}): Promise<AlertRig> {
    const clock = new FakeClock(START);
    return new AlertRig(configOf(yaml), { clock, store: await makeStore(clock), ...options });
  }

  test('S1: a burst of errors fires at 6 %, escalates, and resolves after the hold', async () => {
    const rig = await rigOf(ERROR_RATE);
    burst(rig);
    await rig.until(2_000);
    expect(rig.timeline()).toEqual([
      '90 slack #alerts firing',
      '90 email devops@yumzoom.com firing',
      '390 slack #alerts firing',
      '390 email devops@yumzoom.com firing',
      '390 email admin@yumzoom.com firing',
      '915 slack #alerts resolved',
      '915 email devops@yumzoom.com resolved',
      '915 email admin@yumzoom.com resolved',
    ]);
  });
});
