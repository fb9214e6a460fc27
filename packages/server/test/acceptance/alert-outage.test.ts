import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import { FileOutageSpool } from '../../src/respond/alerting/outage/spool.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { AlertRig, configOf, START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const TWILIO =
  '  twilio: {account_sid: AC00000000000000000000000000000000, auth_token: not-used, from: "+442071838759"}\n';

const RULES = `${TWILIO}
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
  - {name: Load, condition: "last_load > 5", time_window: 30s, severity: warning, eval_interval: 15s, notifications: [{slack: "#ops"}]}
escalation_policies:
  high-priority:
    - {delay: 0, notify: [slack, email]}
    - {delay: 300, notify: [slack, email, sms]}
    - {delay: 900, notify: [slack, email, sms]}
`;
const CHANNELS = ['slack', 'email', 'sms', 'phone_call'];

let server: StateServer;
let folder: string;
let db: Db;
let rig: AlertRig;
/** The state store does not answer. */
let away = false;

beforeAll(async () => {
  server = await startStateServer();
});
beforeEach(async () => {
  away = false;
  folder = mkdtempSync(join(tmpdir(), 'yumops-outage-'));
  ({ db } = await server.database());
  const clock = new FakeClock(START);
  const store = new PostgresAlertStore(cuttable(db), async () => clock.now());
  const outageSpool = new FileOutageSpool(join(folder, 'alert-outage.ndjson'));
  rig = new AlertRig(configOf(RULES), { clock, store, outageSpool, channels: CHANNELS, leaseMs: 30_000 });
  // 10 requests a second, of which 20 % fail from t = 1: over 5 % of five minutes at 90.
  rig.requests(-299, 0, 1, 10, 0);
  rig.requests(1, 600, 1, 10, 2);
  rig.requests(601, 3_000, 1, 10, 0);
});
afterEach(async () => {
  await server.closeDatabases();
  rmSync(folder, { recursive: true });
});
afterAll(() => server.stop());

function cuttable(db: Db): Db {
  const check = () => {
    if (away) throw new YumOpsError('state_unavailable', 'The state store cannot be reached: connection refused');
  };
  return {
    async query(sql, values) {
      check();
      return db.query(sql, values);
    },
    async transaction(work) {
      check();
      return db.transaction(work);
    },
  };
}

const keys = () => rig.receivers.received.map(({ key, channel, target }) => `${key} ${channel} ${target}`);
const stored = () =>
  db.query<{ message: string }>(
    `SELECT channel || ' ' || target || ' ' || kind || ' ' || step || ' ' || status AS message FROM alert_messages ORDER BY seq`,
  );

/** Goes on until `t`; what the engine throws while its store is away is the loops' to repeat. */
async function until(t: number): Promise<void> {
  while (rig.t < t) {
    try {
      await rig.until(t);
    } catch (error) {
      if (!away) throw error;
      await rig.clock.advance(500);
    }
  }
}

test('with the database away for five minutes a critical alert is told on time, and the rest when it is back', {
  timeout: 90_000,
}, async () => {
  rig.gauge('load', 0, 600, 15, 9);
  await until(60);
  away = true;
  await until(360);
  expect(rig.timeline()).toEqual([
    '10 slack #ops firing',
    '90 slack #alerts firing',
    '90 email devops@yumzoom.com firing',
  ]);
  away = false;
  await until(950);
  expect(rig.timeline().slice(3)).toEqual([
    '390 slack #alerts firing',
    '390 email devops@yumzoom.com firing',
    '390 sms +442071838750 firing',
    '915 slack #alerts resolved',
    '915 email devops@yumzoom.com resolved',
    '915 sms +442071838750 resolved',
  ]);
  expect(new Set(keys()).size).toBe(keys().length);
  const notes = await db.query<{ kind: string }>(
    `SELECT kind FROM alert_timeline WHERE kind IN ('taken_over', 'firing')`,
  );
  expect(notes.map(({ kind }) => kind).sort()).toEqual(['firing', 'firing', 'taken_over']);
});

test('a step that is due meanwhile leaves by mail and Slack; phones ring when the database is back', async () => {
  await until(60);
  away = true;
  await until(420);
  expect(rig.timeline().slice(2)).toEqual(['390 slack #alerts firing', '390 email devops@yumzoom.com firing']);
  away = false;
  await until(440);
  expect(rig.timeline().slice(4)).toEqual([expect.stringMatching(/^42\d(\.\d+)? sms \+442071838750 firing$/)]);
  expect(new Set(keys()).size).toBe(keys().length);
});

test('killed meanwhile, the spool is taken over by the next life, and nobody is told twice', async () => {
  await until(60);
  away = true;
  await until(200);
  rig.kill();
  rig.boot();
  await until(300);
  away = false;
  await until(380);
  expect(rig.timeline()).toEqual(['90 slack #alerts firing', '90 email devops@yumzoom.com firing']);
  expect((await stored()).map(({ message }) => message)).toEqual([
    'slack #alerts firing 0 sent',
    'email devops@yumzoom.com firing 0 sent',
  ]);
  await until(391);
  expect(rig.timeline().slice(2)).toContain('390 sms +442071838750 firing');
});

test('killed in the middle of sending, the message leaves once more under its key', async () => {
  rig.receivers.answer = ({ channel, t }) => (channel === 'slack' && t < 100 ? { delayMs: 60_000 } : undefined);
  await until(60);
  away = true;
  await until(92);
  rig.kill();
  rig.boot();
  await until(110);
  away = false;
  await until(130);
  const slack = rig.receivers.received.filter(({ channel }) => channel === 'slack');
  expect(slack).toHaveLength(2);
  expect(new Set(slack.map(({ key }) => key)).size).toBe(1);
  expect(rig.receivers.received.filter(({ channel }) => channel === 'email')).toHaveLength(1);
});

test('goes on alone for a quarter of an hour at most', async () => {
  rig.requests(601, 3_000, 1, 10, 2);
  await until(60);
  away = true;
  await until(2_400);
  const last = rig.receivers.received.at(-1)?.t ?? 0;
  expect(last).toBeGreaterThanOrEqual(390);
  expect(last).toBeLessThanOrEqual(60 + 15 * 60);
});

test('an instance that does not hold the lease tells of nothing', async () => {
  const other = new AlertRig(configOf(RULES), {
    clock: rig.clock,
    store: new PostgresAlertStore(cuttable(db), async () => rig.clock.now()),
    outageSpool: new FileOutageSpool(join(folder, 'other.ndjson')),
    leaseMs: 30_000,
  });
  await until(60);
  other.boot('two');
  await other.run();
  away = true;
  await expect(other.engine?.lead()).rejects.toMatchObject({ code: 'state_unavailable' });
  expect(other.timeline()).toEqual([]);
});
