// One instance of the alert path as a process of its own, for tests that kill it.
import { systemClock } from '../../dist/lib/clock.js';
import { createLog } from '../../dist/lib/log.js';
import { Loop } from '../../dist/lib/loop.js';
import { Secret } from '../../dist/lib/secret.js';
import { LIMITS } from '../../dist/respond/alerting/deliver/throttle.js';
import { AlertEngine } from '../../dist/respond/alerting/engine.js';
import { PostgresAlertStore } from '../../dist/respond/alerting/state/postgres.js';
import { createNotifiers, NO_INTEGRATIONS } from '../../dist/respond/notify/index.js';
import { connectState } from '../../dist/store/state/index.js';

const { url, slackUrl, smtpUrl, instance } = JSON.parse(process.env.ALERT_PROCESS);
const log = createLog(systemClock, (line) => process.stderr.write(line), 'error');
const db = connectState(url, { log, maxConnections: 4 });
/** A mail a minute would take the test longer than all its kills. */
const ONE_A_SECOND = { count: 1, perMs: 1_000 };
const email = [{ channel: 'email', target: 'ops@example.com', broken: null }];
const config = {
  rules: [],
  alertSettings: { email, sms: [], escalationPolicy: null },
  policies: new Map(),
  inhibitRules: [],
  grouping: {
    by: ['monitor'],
    groupWaitMs: 0,
    groupIntervalMs: 300_000,
    repeatIntervalMs: 14_400_000,
    resolveTimeoutMs: 0,
  },
  integrations: {
    ...NO_INTEGRATIONS,
    slack: { webhook: new Secret(slackUrl), channel: null, fixedChannel: false, broken: null },
    smtp: { url: new Secret(smtpUrl), from: 'yumops@example.com', broken: null },
  },
};
const notifications = [{ channel: 'slack', target: '#ops' }, ...email];
const engine = new AlertEngine(
  {
    store: new PostgresAlertStore(db, undefined, {
      ...LIMITS,
      perContact: { ...LIMITS.perContact, email: [ONE_A_SECOND] },
    }),
    buckets: { read: async () => [] },
    watermark: () => undefined,
    resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
    monitorStates: async () => {
      const rows = await db.query('SELECT id, state FROM crash_monitors');
      return rows.map(({ id, state }) => ({
        ...{ id, name: id, state, since: Date.now(), reason: state, severity: 'critical', labels: {}, notifications },
      }));
    },
    notifiers: () => createNotifiers(config.integrations, systemClock),
    clock: systemClock,
    log,
    publicUrl: 'http://127.0.0.1:4600',
    instance,
    timing: { ingestDelayMs: 0, phase: 0 },
    leaseMs: 10_000,
    wake: () => loop.wake(),
  },
  config,
);
const loop = new Loop(
  systemClock,
  async () => {
    engine.monitorsChanged();
    return Math.min((await engine.run()) - engine.now(), 50);
  },
  (error) => {
    log.error('run failed', { error: String(error) });
    return 100;
  },
);
loop.start();
process.stdout.write('running\n');
setInterval(() => undefined, 60_000);
