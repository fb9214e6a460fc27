// Alerts beside Debian's Alertmanager and Prometheus in the same run: from the answer to the webhook, alerts a second,
// memory of many that are active, and evaluation of many rules.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { percentile, treeMegabytes } from './figures.mjs';
import { prometheusCycles, startAlertmanager } from './peer.mjs';
import { flood, latencies, startReceiver } from './senders.mjs';

const { values } = parseArgs({
  options: { alerts: { type: 'string', default: '10000' }, singles: { type: 'string', default: '300' } },
});
const COUNT = Number(values.alerts);
const SINGLES = Number(values.singles);
const RULES = 1_000;
const CYCLES = 8;
const GUIDE_RULES = [
  'High Error Rate',
  'Response Time Degradation',
  'Database Connection Pool Exhaustion',
  'Memory Usage High',
  'Failed Authentication Attempts',
  'Third-Party API Failures',
];
const GUIDE = fileURLToPath(new URL('../../testdata/guide/', import.meta.url));
const round = (value, digits = 1) => Number(value.toFixed(digits));
const spread = (times) => ({
  p50: round(percentile(times, 0.5), 2),
  p95: round(percentile(times, 0.95), 2),
  p99: round(percentile(times, 0.99), 2),
});

const say = (text) => process.stderr.write(`${text}\n`);
const folder = await mkdtemp(join(tmpdir(), 'yumops-bench-alerts-'));
await chmod(folder, 0o755);
const load = { before: round(loadavg()[0]) };
const results = {};
try {
  say('Alertmanager');
  const peerReceiver = await startReceiver();
  const peer = await startAlertmanager(folder, peerReceiver.url);
  if (peer) {
    results.alertmanager = await pushes(peer, peerReceiver);
    await peer.stop();
  }
  peerReceiver.close();
  say('Prometheus');
  const cycles = await prometheusCycles(folder, RULES, 5);
  if (cycles) results.prometheus = { rules: { count: RULES, ...spread(cycles) } };
  say('YumOps');
  results.yumops = await ours();
} finally {
  await rm(folder, { recursive: true, force: true });
}
await report();

/** The same pushes for whoever takes Alertmanager's API. */
async function pushes({ url, pid }, receiver) {
  await latencies(url, receiver, 20, 0);
  const idle = treeMegabytes(pid);
  say(`${SINGLES} alerts, one after another`);
  const times = await latencies(url, receiver, SINGLES, 20);
  say(`${COUNT} alerts in batches of 100, a group of its own for each`);
  const single = await flood(url, receiver, { count: COUNT, batch: 100, groups: null, first: 1_000_000 });
  const active = treeMegabytes(pid);
  say(`${COUNT} alerts in batches of 100, in 100 groups`);
  const grouped = await flood(url, receiver, { count: COUNT, batch: 100, groups: 100, first: 2_000_000 });
  const rates = ({ perSecond, delivered }) => ({
    acceptedPerSecond: Math.round(perSecond),
    allDeliveredSeconds: delivered === null ? null : round(delivered, 2),
  });
  return {
    acceptToSendMs: spread(times),
    ownGroupEach: rates(single),
    inHundredGroups: rates(grouped),
    memoryMiB: { idle: round(idle), withActive: round(active), over: round(active - idle) },
  };
}

async function ours() {
  const receiver = await startReceiver();
  await writeConfig(receiver.url);
  const platform = fork(fileURLToPath(new URL('./platform.mjs', import.meta.url)), [folder]);
  const exited = once(platform, 'exit');
  let asked = 0;
  const ask = (message) =>
    new Promise((resolve, reject) => {
      const id = ++asked;
      const hear = (answer) => {
        if (answer.id !== id) return;
        platform.off('message', hear);
        if (answer.error) reject(new Error(answer.error));
        else resolve(answer.result);
      };
      platform.on('message', hear);
      platform.send({ id, ...message });
    });
  try {
    const [{ url }] = await once(platform, 'message');
    const bare = await ask({ action: 'bare', count: 300 });
    const postgresMs = { roundTrip: spread(bare.roundTrip), commitOfOneRow: spread(bare.commit) };
    const pushed = await pushes({ url, pid: platform.pid }, receiver);
    say('rules');
    await fillTelemetry(ask);
    const many = await ask({ action: 'rules', count: CYCLES, names: ruleNames() });
    const six = await ask({ action: 'rules', count: CYCLES, names: GUIDE_RULES });
    return { postgresMs, ...pushed, rules: { count: RULES, ...spread(many.slice(1)) }, sixRules: spread(six.slice(1)) };
  } finally {
    platform.send({ action: 'stop' });
    await exited;
    receiver.close();
  }
}

function ruleNames() {
  return Array.from({ length: RULES }, (_, n) => `r${n}`);
}

async function writeConfig(url) {
  const config = join(folder, 'config');
  await mkdir(join(config, 'monitoring'), { recursive: true });
  for (const file of ['alert-rules.yml', 'uptime-monitoring.yml']) {
    await copyFile(join(GUIDE, file), join(config, 'monitoring', file));
  }
  const alert_rules = ruleNames().map((name, n) => ({
    ...{ name, condition: `last_m{idx=${n}} > 0.5`, time_window: '1m', severity: 'info', eval_interval: '60s' },
  }));
  const main = {
    integrations: { webhook: [{ name: 'sink', url }] },
    grouping: { by: ['alertname'], group_wait: '0s', group_interval: '10s', repeat_interval: '4h' },
    pushed_alerts: [{ notifications: [{ webhook: 'sink' }] }],
    alert_rules,
  };
  await writeFile(join(config, 'yumops.yml'), JSON.stringify(main));
}

/** Five minutes of samples for every rule, and of requests, calls, sign-ins and gauges for the guide's six. */
async function fillTelemetry(ask) {
  const end = Math.floor(Date.now() / 60_000) * 60_000 + CYCLES * 60_000;
  const about = { project: '1', service: 'api', environment: 'production', release: '1', retentionClass: 'metrics' };
  for (let back = CYCLES + 5; back >= 0; back--) {
    const at = end - back * 60_000;
    const rows = (count, make) => Array.from({ length: count }, (_, n) => ({ ...about, ...make(n) }));
    const samples = rows(RULES * 4, (n) => ({
      ...{ id: `${back}-${n}`, timestamp: at - (n % 4) * 15_000, name: 'm', value: 0.1 },
      attributes: { idx: String(n >> 2) },
    }));
    const gauges = rows(8, (n) => ({
      ...{ id: `g${back}-${n}`, timestamp: at - (n % 4) * 15_000, value: 40 },
      ...{ name: n < 4 ? 'memory_usage' : 'db_connection_usage', attributes: { instance: 'a', database: 'main' } },
    }));
    const requests = rows(600, (n) => ({
      ...{ timestamp: at - n * 100, endpoint: `/api/${n % 20}`, method: 'GET', statusCode: n % 50 ? 200 : 500 },
      ...{ duration: n % 300, dedupKey: `${back}-${n}` },
    }));
    const calls = rows(60, (n) => ({
      ...{ id: `c${back}-${n}`, timestamp: at - n * 1_000, provider: 'stripe', host: 'api.stripe.com', failed: false },
      duration: 80,
    }));
    for (const [table, own] of Object.entries({
      metric_rows: [...samples, ...gauges],
      request_rows: requests,
      outbound_rows: calls,
    })) {
      await ask({ action: 'insert', table, rows: own, token: `${table}-${back}` });
    }
  }
}

async function report() {
  const { yumops, alertmanager } = results;
  const ratio = (own, peer) => (peer === undefined || !peer ? null : round(own / peer, 2));
  const beside = {
    acceptToSendP50: ratio(yumops.acceptToSendMs.p50, alertmanager?.acceptToSendMs.p50),
    // An alert is committed twice before it is sent: when it is taken, and with its message.
    acceptToSendOverTwoCommits: ratio(yumops.acceptToSendMs.p50, 2 * yumops.postgresMs.commitOfOneRow.p50),
    acceptedPerSecond: ratio(yumops.ownGroupEach.acceptedPerSecond, alertmanager?.ownGroupEach.acceptedPerSecond),
    memoryOver: ratio(yumops.memoryMiB.over, alertmanager?.memoryMiB.over),
    thousandRules: ratio(yumops.rules.p50, results.prometheus?.rules.p50),
  };
  const measured = {
    ...{ measuredAt: new Date().toISOString(), node: process.version, cores: cpus().length },
    load: { ...load, after: round(loadavg()[0]) },
    ...{
      alerts: COUNT,
      singles: SINGLES,
      durable: 'yumops: Postgres with fsync before the answer; alertmanager: memory',
    },
    ...results,
    beside,
  };
  console.log(JSON.stringify(measured, null, 2));
  const file = fileURLToPath(new URL('../results/alerts.json', import.meta.url));
  await writeFile(file, `${JSON.stringify(measured, null, 2)}\n`);
}
