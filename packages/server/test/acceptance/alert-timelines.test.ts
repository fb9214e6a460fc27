import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import type { AlertStore, BucketSource } from '../../src/respond/alerting/ports.ts';
import { MemoryAlertStore } from '../../src/respond/alerting/state/memory.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { AlertRig, configOf, type RigOptions, START } from '../support/alert-rig.ts';
import { MemoryBuckets } from '../support/memory-buckets.ts';
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

/** A level of the user's own; its group waits 10 s, there is no policy. */
const GAUGE = `
alert_settings: {email_notifications: [admin@yumzoom.com]}
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 30s, severity: warning, eval_interval: 15s, keep_firing_for: 60s, notifications: [{slack: "#ops"}]}
`;

const COMPLIANCE = `
alert_rules:
  - {name: Level, condition: "last_level > 10", time_window: 30s, severity: warning, for: 6m, keep_firing_for: 0s, eval_interval: 30s, notifications: [{slack: "#ops"}]}
`;

const HELD = `
alert_rules:
  - {name: Load, condition: "last_load > 50", time_window: 60s, severity: warning, for: 1m, keep_firing_for: 1m, eval_interval: 60s, notifications: [{slack: "#ops"}]}
`;

const MONITORS = `
alert_settings:
  email_notifications: [admin@yumzoom.com]
  escalation_policy: [{delay: 0, notify: [email, slack]}, {delay: 300, notify: [email, slack]}]
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

afterAll(() => server.stop());

afterEach(() => server.closeDatabases());

const STORES: [string, (clock: FakeClock) => Promise<AlertStore>][] = [
  ['memory', async (clock) => new MemoryAlertStore(() => clock.now())],
  ['Postgres', async (clock) => new PostgresAlertStore((await server.database()).db, async () => clock.now())],
];

describe.each(STORES)('on %s', (name, makeStore) => {
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

  test('S3: too small a sample never fires', async () => {
    const rig = await rigOf(ERROR_RATE);
    rig.requests(1, 1, 1, 4, 2);
    await rig.until(400);
    expect(rig.timeline()).toEqual([]);
    expect(await rig.store.ruleStatuses()).toMatchObject([
      { state: 'insufficient', value: null, reason: '0 of at least 100 in the window' },
    ]);
    expect((await rig.store.instances()).map(({ state }) => state)).toEqual(['insufficient']);
  });

  test('S6: a step that fell into an outage is sent at once and says how late it is; the next one is on time', async () => {
    const rig = await rigOf(ERROR_RATE);
    burst(rig, 3_000);
    await rig.until(90 + 250);
    rig.kill();
    await rig.until(90 + 700);
    rig.boot();
    await rig.until(90 + 901);
    const later = rig.receivers.received.filter(({ channel, t }) => channel === 'slack' && t > 90);
    expect(later.map(({ t, reason }) => `${t} ${reason}`)).toEqual([
      '790 step 5 min of high-priority: not acknowledged, 6 min 40 s late',
      '990 step 15 min of high-priority: not acknowledged',
    ]);
  });

  test('S6: two overdue steps merge into one message to each target', async () => {
    const rig = await rigOf(ERROR_RATE);
    burst(rig, 3_000);
    await rig.until(90 + 250);
    rig.kill();
    await rig.until(90 + 1_000);
    rig.boot();
    await rig.until(90 + 1_100);
    expect(rig.timeline().slice(2)).toEqual([
      '1090 slack #alerts firing',
      '1090 email devops@yumzoom.com firing',
      '1090 email admin@yumzoom.com firing',
    ]);
    expect(rig.receivers.received.at(-1)).toMatchObject({ step: 2 });
  });

  test('S9: Retry-After is kept, the fallback is told after 60 s, and the target still gets its message', async () => {
    const rig = await rigOf(ERROR_RATE);
    burst(rig);
    rig.receivers.answer = ({ channel, t }) =>
      channel === 'slack' && t < 165
        ? { outcome: 'retry', reason: 'answered 429', maybeDelivered: false, retryAfterMs: 30_000 }
        : undefined;
    await rig.until(200);
    expect(rig.receivers.refusals.map(({ t }) => t)).toEqual([90, 120, 150]);
    expect(rig.timeline()).toEqual([
      '90 email devops@yumzoom.com firing',
      '150 email devops@yumzoom.com meta',
      '180 slack #alerts firing',
    ]);
    expect(rig.receivers.received[1]?.reason).toBe('slack/#alerts is failing: undelivered for 60 s (answered 429)');
  });

  test('a target that refuses for good is replaced at once', async () => {
    const rig = await rigOf(
      ERROR_RATE.replace('{slack: "#alerts"}, {email: [devops@yumzoom.com]}', '{slack: "#alerts"}'),
    );
    burst(rig);
    rig.receivers.answer = ({ channel }) =>
      channel === 'slack' ? { outcome: 'refused', reason: 'answered 404 no_service' } : undefined;
    await rig.until(100);
    expect(rig.timeline()).toEqual(['90 email admin@yumzoom.com firing', '90 email admin@yumzoom.com meta']);
  });

  test('S11: a flap inside the hold sends one firing message and no resolved one', async () => {
    const rig = await rigOf(GAUGE);
    rig.gauge('load', 0, 60, 15, 9);
    rig.gauge('load', 61, 90, 15, 1);
    rig.gauge('load', 91, 600, 15, 9);
    await rig.until(600);
    expect(rig.timeline()).toEqual(['10 slack #ops firing']);
  });

  test('X1: an alert that ends while its group waits is never told', async () => {
    const rig = await rigOf(GAUGE.replace('keep_firing_for: 60s', 'keep_firing_for: 0s').replace('15s', '5s'));
    rig.gauge('load', 0, 0, 15, 9);
    rig.gauge('load', 3, 600, 3, 1);
    await rig.until(600);
    expect(rig.timeline()).toEqual([]);
  });

  test('X3: killed inside the wait of its group, the message still leaves, within 2 s of the restart', async () => {
    const rig = await rigOf(GAUGE);
    rig.gauge('load', 0, 600, 5, 9);
    await rig.until(1);
    rig.kill();
    await rig.until(20);
    expect(rig.timeline()).toEqual([]);
    rig.boot();
    await rig.until(22);
    expect(rig.timeline()).toEqual(['20 slack #ops firing']);
  });

  test('killed while sending, the message leaves again under the same key', async () => {
    const rig = await rigOf(GAUGE);
    rig.gauge('load', 0, 600, 5, 9);
    rig.receivers.answer = ({ t }) => (t < 11 ? { delayMs: 60_000 } : undefined);
    await rig.until(10);
    rig.kill();
    await rig.until(12);
    rig.boot();
    await rig.until(13);
    expect(rig.timeline()).toEqual(['10 slack #ops firing', '12 slack #ops firing']);
    expect(new Set(rig.receivers.received.map(({ key }) => key)).size).toBe(1);
  });

  test('B1: pending for six minutes, firing, resolved without hold, and again', async () => {
    const rig = await rigOf(COMPLIANCE);
    const values: [number, number][] = [
      ...([
        [0, 3],
        [15, 5],
        [60, 9],
        [120, 11],
        [315, 15],
        [795, 19],
        [1_035, 9],
        [1_335, 15],
        [2_010, 8],
        [2_400, 8],
      ] as [number, number][]),
    ];
    values.slice(0, -1).forEach(([from, value], index) => {
      rig.gauge('level', from, (values[index + 1]?.[0] ?? 0) - 15, 15, value);
    });
    const states = await rig.states(2_100);
    expect(states).toEqual([
      '120 pending',
      '480 firing',
      '1050 inactive',
      '1350 pending',
      '1710 firing',
      '2010 inactive',
    ]);
  });

  test('B5: keep_firing_for holds a firing alert, not a pending one', async () => {
    const rig = await rigOf(HELD);
    [75, 85, 70, 70, 10, 10, 10, 10, 75, 10, 10].forEach((value, minute) => {
      rig.gauge('load', minute * 60, minute * 60, 60, value);
    });
    expect(await rig.states(600)).toEqual(['0 pending', '60 firing', '300 inactive', '480 pending', '540 inactive']);
  });

  test('an acknowledgement stops later steps; when it expires the current step is sent again', async () => {
    const rig = await rigOf(`${ERROR_RATE}`);
    burst(rig, 4_000);
    await rig.until(100);
    await rig.acknowledge('oncall-1');
    await rig.until(1_899);
    expect(rig.timeline()).toHaveLength(2);
    await rig.until(1_901);
    expect(rig.timeline().slice(2)).toEqual(['1900 slack #alerts update', '1900 email devops@yumzoom.com update']);
    expect(rig.receivers.received[2]?.reason).toBe('still firing, the acknowledgement of oncall-1 expired');
    await rig.until(2_201);
    expect(rig.timeline().slice(4)).toContain('2200 slack #alerts firing');
  });

  test('fires again soon after its end: the same episode, and those told of the end are told', async () => {
    const rig = await rigOf(GAUGE);
    rig.gauge('load', 0, 60, 15, 9);
    rig.gauge('load', 61, 200, 15, 1);
    rig.gauge('load', 201, 300, 15, 9);
    rig.gauge('load', 301, 900, 15, 1);
    await rig.until(900);
    expect(rig.timeline()).toEqual([
      ...['10 slack #ops firing', '135 slack #ops resolved', '210 slack #ops firing', '375 slack #ops resolved'],
    ]);
    expect(new Set(rig.receivers.received.flatMap(({ alerts }) => alerts)).size).toBe(1);
    expect(new Set(rig.receivers.received.map(({ key }) => key)).size).toBe(4);
  });

  test('an alert that flaps is told of once, also over a restart; without its rule it is over at once', async () => {
    const rig = await rigOf(GAUGE.replace('keep_firing_for: 60s', 'keep_firing_for: 0s').replace('15s', '30s'));
    for (let t = 0; t < 480; t += 60) {
      rig.gauge('load', t, t + 15, 15, 9);
      rig.gauge('load', t + 30, t + 45, 15, 1);
    }
    await rig.until(200);
    rig.kill();
    rig.boot();
    await rig.until(440);
    const reasons = rig.receivers.received.map(({ t, kind, reason }) => `${t} ${kind} ${reason.slice(0, 40)}`);
    expect(reasons.slice(0, 4)).toEqual([
      expect.stringContaining('10 firing first notification'),
      expect.stringContaining('30 resolved'),
      expect.stringContaining('60 firing fires again shortly after its end'),
      expect.stringContaining('90 resolved'),
    ]);
    expect(reasons.slice(4)).toEqual(['120 firing flapping: fired or ended 5 times within ']);
    rig.reload(configOf('alert_rules: []'));
    await rig.until(449);
    expect(rig.receivers.received.at(-1)).toMatchObject({ kind: 'resolved', reason: 'rule_deleted' });
  });

  test('deleting the rule ends its alerts, and everyone told hears of it', async () => {
    const rig = await rigOf(GAUGE);
    rig.gauge('load', 0, 600, 15, 9);
    await rig.until(30);
    rig.reload(configOf('alert_rules: []'));
    await rig.until(40);
    expect(rig.timeline()).toEqual(['10 slack #ops firing', '30 slack #ops resolved']);
    expect(rig.receivers.received[1]?.reason).toBe('rule_deleted');
  });

  test('a longer `for` sends a firing alert back to pending without a word; its end is still told', async () => {
    const rig = await rigOf(GAUGE);
    rig.gauge('load', 0, 120, 15, 9);
    rig.gauge('load', 121, 600, 15, 1);
    await rig.until(30);
    rig.reload(configOf(GAUGE.replace('keep_firing_for', 'for: 10m, keep_firing_for')));
    await rig.until(300);
    expect(rig.timeline()).toEqual(['10 slack #ops firing', '135 slack #ops resolved']);
  });

  test('ingest that is behind holds the state, and says so itself when it lasts', async () => {
    const rig = await rigOf(ERROR_RATE);
    burst(rig);
    rig.watermark = START + 60_000;
    await rig.until(300);
    expect(rig.timeline()).toEqual(['195 email admin@yumzoom.com firing']);
    expect(rig.receivers.received[0]?.rule).toBe('Telemetry is behind');
    expect(await rig.store.ruleStatuses()).toMatchObject([{ reason: expect.stringContaining('ingest_lag') }]);
    rig.watermark = null;
    await rig.until(302);
    expect(rig.timeline()).toContain('301 slack #alerts firing');
  });

  test('a gauge that falls silent keeps its alert, and one mail says that data is missing', async () => {
    const rig = await rigOf(GAUGE);
    rig.gauge('load', 0, 60, 15, 9);
    await rig.until(1_000);
    expect(rig.timeline()).toEqual(['10 slack #ops firing', '445 email admin@yumzoom.com firing']);
    expect(rig.receivers.received[1]?.rule).toBe('No data: Load');
  });

  test('a store that cannot be read is asked three times, holds the alert, and is told of after five minutes', async () => {
    const samples = new MemoryBuckets();
    let down = false;
    let reads = 0;
    const buckets: BucketSource = {
      read: async (query) => {
        reads++;
        if (down) throw new Error('connection refused');
        return samples.read(query);
      },
    };
    const rig = await rigOf(GAUGE, { buckets });
    for (let t = 0; t <= 2_000; t += 15) {
      samples.samples.push({ series: 'metric:load', at: START + t * 1_000, labels: {}, value: t <= 60 ? 9 : 1 });
    }
    await rig.until(59);
    [down, reads] = [true, 0];
    await rig.until(60);
    expect(reads).toBe(3);
    expect((await rig.store.ruleStatuses())[0]).toMatchObject({ state: 'error', reason: 'error: connection refused' });
    await rig.until(600);
    expect(rig.timeline()).toEqual(['10 slack #ops firing', '370 email admin@yumzoom.com firing']);
    expect(rig.receivers.received[1]?.rule).toBe('Rule cannot be evaluated: Load');
    down = false;
    await rig.until(1_000);
    expect(rig.timeline().slice(2).sort()).toEqual([
      expect.stringMatching(/ email admin@yumzoom.com resolved$/),
      expect.stringMatching(/ slack #ops resolved$/),
    ]);
  });

  test('monitors: down and up again, once for each, and many at once in one message', async () => {
    const rig = await rigOf(MONITORS);
    const names = Array.from({ length: 50 }, (_, index) => `Shop ${index}`);
    const set = (state: 'up' | 'down') => {
      rig.monitors = names.map((name) => ({
        ...{ id: name.toLowerCase(), name, state, since: rig.clock.now(), severity: 'critical', labels: {} },
        reason: state === 'down' ? 'expected status 200, got 503' : null,
      }));
    };
    set('up');
    await rig.until(20);
    set('down');
    await rig.until(60);
    set('up');
    await rig.until(400);
    expect(rig.timeline().sort()).toEqual([
      ...['25 email admin@yumzoom.com firing', '25 slack default firing'],
      ...['65 email admin@yumzoom.com resolved', '65 slack default resolved'],
    ]);
    expect(rig.receivers.received.map(({ alerts }) => alerts.length)).toEqual([50, 50, 50, 50]);
  });

  test('one slow receiver delays nobody else', async () => {
    const rig = await rigOf(ERROR_RATE);
    burst(rig);
    rig.receivers.answer = ({ channel }) => (channel === 'slack' ? { delayMs: 9_000 } : undefined);
    await rig.until(90);
    expect(rig.timeline()).toEqual(['90 slack #alerts firing', '90 email devops@yumzoom.com firing']);
  });

  test('S8: a jump of the clock moves no timer', async () => {
    const rig = await rigOf(ERROR_RATE, { leaseMs: 30_000 });
    burst(rig, 3_000);
    await rig.until(100);
    rig.clock.jump(3_600_000);
    await rig.until(500);
    expect(rig.receivers.received.filter(({ channel }) => channel === 'slack').map(({ t }) => t)).toEqual([90, 390]);
  });

  test('two instances evaluate each slot once, and the second takes over within the lease and a slot', async () => {
    const rig = await rigOf(ERROR_RATE, { leaseMs: 60_000 });
    burst(rig);
    rig.bootSecond();
    await rig.until(60);
    rig.kill();
    await rig.until(200);
    expect(rig.timeline()).toEqual(['120 slack #alerts firing', '120 email devops@yumzoom.com firing']);
  });

  // Hours on the clock: nothing in these depends on the store.
  if (name === 'Postgres') return;

  test('nobody answers: the last step is repeated three times, then the platform says so', async () => {
    const rig = await rigOf(ERROR_RATE);
    burst(rig, 10_000);
    await rig.until(5_000);
    const slack = rig.receivers.received.filter(({ channel }) => channel === 'slack');
    expect(slack.map(({ t, kind }) => `${t} ${kind}`)).toEqual([
      ...['90 firing', '390 firing', '990 firing'],
      ...['1890 repeat', '2790 repeat', '3690 repeat'],
    ]);
    expect(rig.timeline().at(-1)).toBe('4590 email admin@yumzoom.com meta');
  });

  test('receivers without a policy are told again every four hours', async () => {
    const rig = await rigOf(GAUGE.replace('15s', '60s'));
    rig.gauge('load', 0, 40_000, 30, 9);
    await rig.until(30_000);
    expect(rig.timeline()).toEqual(['10 slack #ops firing', '14410 slack #ops repeat', '28810 slack #ops repeat']);
  });
});
