// Instances on one Postgres and one telemetry engine, the load that they take, and what was made of it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedChdb, startEmbeddedPostgres } from '../../dist/engines/index.js';
import { systemClock } from '../../dist/lib/clock.js';
import { createLog } from '../../dist/lib/log.js';
import { connectState } from '../../dist/store/state/index.js';
import { connectTelemetry } from '../../dist/store/telemetry/index.js';
import { BIN } from '../support/start-yumops.mjs';
import { ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, ROUTING_KEY, startVendors } from './alert-vendors.mjs';
import { seededRandom } from './seeded-random.mjs';
import { repeated } from './split-roles-checks.mjs';

const KEY = '0123456789abcdef0123456789abcdef';
const ADMIN = 'under-load-admin-token';
const SECRET = 'fedcba9876543210fedcba9876543210';
const ROWS = 100;
const SENDERS = 3;
const MONITORS = 12;
export const INTERVAL_MS = 3_000;
export const JOB_EVERY_MS = 5_000;
const SETTLE_MS = 240_000;
/** One alert in so many goes to a phone. */
const SMS_EVERY = 4;
const NUMBERS = 400;
/** Characters of what an instance said last. */
const MOST_SAID = 1_000_000;

const numberOf = (n) => `+4420718${String(n % NUMBERS).padStart(5, '0')}`;

function configOf({ base, smtp }, { target, database }) {
  const phones = Array.from({ length: NUMBERS / SMS_EVERY }, (_, index) => index * SMS_EVERY);
  const routes = phones.map((n) => `  - {matchers: ['phone="${n}"'], notifications: [{sms: "${numberOf(n)}"}]}`);
  const monitors = Array.from(
    { length: MONITORS },
    (_, n) => `  - {name: M ${n}, url: "${target}/${n}", check_interval: ${INTERVAL_MS / 1_000}s, retries: 0}`,
  );
  return `service: shop
integrations:
  slack: {webhook: "${base}/slack"}
  pagerduty: {primary: {key: "${ROUTING_KEY}", url: "${base}"}}
  twilio: {account_sid: ${ACCOUNT_SID}, auth_token: "${AUTH_TOKEN}", from: "${OUR_NUMBER}", url: "${base}"}
  smtp: {url: "${smtp}", from: ops@example.com}
alert_settings: {email_notifications: [fallback@example.com]}
pushed_alerts:
${routes.join('\n')}
  - {notifications: [{slack: "#ops"}, {pagerduty: primary}]}
grouping: {by: [n], group_wait: 0s, group_interval: 1h, repeat_interval: 24h, resolve_timeout: 24h}
databases:
  - {name: shop, url: "${database}"}
maintenance: {database: shop, schedule: "*/${JOB_EVERY_MS / 1_000} * * * * *"}
monitors:
${monitors.join('\n')}
`;
}

/** An instance that is started again after each death, at the same address. */
export class Instance {
  /** From when to when it served, ms since the epoch. */
  lives = [];

  /**
   * @param roles with commas; null = all, for a version that knows none
   * @param bin program of another version than this one
   */
  constructor(name, roles, { folder, env, children, port, bin = BIN }) {
    Object.assign(this, { name, roles, folder, env, children, bin, url: `http://127.0.0.1:${port}` });
    const role = roles === null ? [] : ['--role', roles];
    this.args = ['start', '--port', String(port), ...role, '--config', folder, '--data', join(folder, name)];
  }

  has(role) {
    return this.roles.split(',').includes(role);
  }

  async start() {
    const child = spawn(process.execPath, [this.bin, ...this.args], {
      cwd: this.folder,
      env: this.env,
      stdio: ['ignore', 'pipe', process.env.SPLIT_ROLES_LOG ? 'inherit' : 'pipe'],
    });
    this.child = child;
    this.children.add(child);
    this.gone = once(child, 'exit');
    const silent = once(child, 'close');
    this.said = '';
    child.stderr?.on('data', (text) => {
      this.said = (this.said + text).slice(-MOST_SAID);
    });
    const ready = new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('ready:') && resolve(true));
    });
    const served = await Promise.race([ready, this.gone.then(() => false)]);
    if (!served && !this.killed) {
      await silent;
      throw new Error(`${this.name} (${this.roles}) did not start:\n${this.said.slice(-2_000)}`);
    }
    if (served) this.lives.push({ instance: this.name, from: Date.now(), to: Number.POSITIVE_INFINITY });
  }

  async kill() {
    this.killed = true;
    this.#endLife();
    this.child.kill('SIGKILL');
    await this.gone;
    this.killed = false;
  }

  async stop() {
    this.#endLife();
    this.child.kill('SIGTERM');
    await this.gone;
  }

  #endLife() {
    const life = this.lives.at(-1);
    if (life) life.to = Math.min(life.to, Date.now());
  }
}

/** Sends until it is told to stop; what was begun is sent until it is acknowledged. */
export class Load {
  rows = 0;
  resent = 0;
  alerts = 0;
  accepted = new Set();
  #stopping = false;
  #running;

  /** The longest time from the first try until a delivery was acknowledged, ms; to be set back by who measures. */
  longestWaitMs = 0;

  /** @param first number of its first row and alert, so that two loads are told apart */
  constructor(doors, random, first = 0) {
    Object.assign(this, { random, first });
    this.#running = Promise.all([
      ...Array.from({ length: SENDERS }, (_, index) => this.#sendRows(doors, index)),
      this.#pushAlerts(doors),
    ]);
  }

  async finish() {
    this.#stopping = true;
    await this.#running;
  }

  async #sendRows(doors, index) {
    for (let door = index; !this.#stopping; ) {
      const body = this.#batch();
      const headers = { 'x-yumops-key': KEY, 'x-yumops-batch': randomUUID() };
      const begun = performance.now();
      while (!(await post(`${doors[door % doors.length].url}/ingest/ndjson`, headers, body, 202))) {
        // Another instance may have it, or the same one when it is back.
        door += 1;
        this.resent += 1;
        await sleep(40 + this.random() * 80);
      }
      this.longestWaitMs = Math.max(this.longestWaitMs, performance.now() - begun);
      await sleep(60 + this.random() * 100);
    }
  }

  #batch() {
    const lines = Array.from({ length: ROWS }, () => {
      this.rows += 1;
      return JSON.stringify({
        ...{ timestamp: new Date().toISOString(), type: 'request', level: 'info', message: `request ${this.rows}` },
        ...{
          service: 'crash',
          method: 'GET',
          endpoint: '/x',
          statusCode: 200,
          duration: 5,
          userId: String(this.first + this.rows),
        },
      });
    });
    return lines.join('\n');
  }

  async #pushAlerts(doors) {
    const headers = { 'x-yumops-key': KEY, 'content-type': 'application/json' };
    for (let door = 0; !this.#stopping; door += 1) {
      const n = this.first + this.alerts++;
      const phone = n % SMS_EVERY === 0 && n < NUMBERS ? { phone: String(n) } : {};
      const body = JSON.stringify([{ labels: { alertname: 'Kill', severity: 'critical', n: String(n), ...phone } }]);
      while (!(await post(`${doors[door % doors.length].url}/api/v2/alerts`, headers, body, 200))) {
        door += 1;
        await sleep(100);
      }
      this.accepted.add(n);
      await sleep(500 + this.random() * 500);
    }
  }
}

async function post(url, headers, body, expected) {
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) });
    await answer.arrayBuffer();
    return answer.status === expected;
  } catch {
    return false;
  }
}

async function startTarget(random) {
  const failing = new Set();
  const server = createServer((request, response) => {
    const n = Number(request.url.slice(1));
    if (random() < 0.02) failing[failing.has(n) ? 'delete' : 'add'](n);
    response.writeHead(failing.has(n) ? 500 : 200).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, server };
}

/**
 * Stores, vendors, something to watch and a configuration for instances that share them. All of it ends with the work;
 * instances that are still there then are killed.
 */
export async function onStage(seed, work) {
  const random = seededRandom(seed);
  const home = await mkdtemp(join(tmpdir(), 'yumops-under-load-'));
  // The engines' own user must be able to enter.
  await chmod(home, 0o755);
  const stores = await startStores(home);
  const vendors = await startVendors(random);
  const target = await startTarget(random);
  const folder = join(home, 'platform');
  await mkdir(folder);
  await writeFile(join(folder, 'yumops.yml'), configOf(vendors, { target: target.url, database: stores.shop }));
  const env = {
    ...{ PATH: process.env.PATH, YUMOPS_STATE_URL: stores.stateUrl, YUMOPS_TELEMETRY_URL: stores.telemetryUrl },
    ...{ YUMOPS_INGEST_KEY: KEY, YUMOPS_ADMIN_TOKEN: ADMIN, YUMOPS_SECRET_KEY: SECRET, YUMOPS_LOG_LEVEL: 'warn' },
  };
  const children = new Set();
  try {
    return await work({ ...stores, random, vendors, folder, env, children });
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    target.server.closeAllConnections();
    target.server.close();
    await vendors.stop();
    await stores.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function startStores(home) {
  const log = createLog(systemClock, () => undefined);
  const state = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), clock: systemClock, log });
  const engine = await startEmbeddedChdb({ dataDir: join(home, 'chdb'), clock: systemClock, log });
  const db = connectState(state.url, { log, maxConnections: 2 });
  await db.query('CREATE DATABASE shop');
  const telemetry = connectTelemetry(engine.url);
  return {
    ...{ db, telemetry, stateUrl: state.url, telemetryUrl: engine.url },
    shop: state.url.replace(/\/[^/]*$/, '/shop'),
    async stop() {
      await Promise.all([db.close(), telemetry.close()]);
      await Promise.all([state.stop(), engine.stop()]);
    },
  };
}

const OUT = `SELECT (SELECT count(*) FROM alert_messages WHERE status NOT IN ('sent', 'failed', 'cancelled'))::int
  + (SELECT count(*) FROM pushed_alerts WHERE handled_version <> version)::int AS n`;
const STORED = `SELECT count() AS total, uniqExact(userId) AS distinct FROM logs WHERE service = 'crash'`;

/** Waits until what was taken is stored and told. */
export async function settle({ db, telemetry }, load) {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const [{ n: out }] = await db.query(OUT);
    const [{ distinct }] = await telemetry.query(STORED);
    if (out === 0 && distinct >= load.rows) return;
    // What is missing then is counted as lost.
    if (performance.now() > end) return;
    await sleep(300);
  }
}

export async function countRows(telemetry, load) {
  const [logs] = await telemetry.query(STORED);
  const [requests] = await telemetry.query(STORED.replace('FROM logs', 'FROM request_rows'));
  return {
    ...{ sent: load.rows, resent: load.resent },
    lost: load.rows - Math.min(logs.distinct, requests.distinct),
    doubled: Math.max(logs.total - logs.distinct, requests.total - requests.distinct),
  };
}

export async function countAlerts(db, vendors, load) {
  const rows = await db.query('SELECT fingerprint, labels FROM pushed_alerts');
  const prints = new Map(rows.map(({ fingerprint, labels }) => [Number(labels.n), fingerprint.slice(0, 16)]));
  const pages = [...vendors.incidents.keys()].map((key) => key.slice(7, 23));
  const sms = vendors.made.map(({ to }) => to);
  const lost = [];
  for (const n of load.accepted) {
    const print = prints.get(n);
    const phone = n % SMS_EVERY === 0 && n < NUMBERS;
    const told = phone ? sms.includes(numberOf(n)) : pages.includes(print);
    const fallback = vendors.mail.some((key) => key.startsWith(`${print}:`));
    if (!told && !fallback) lost.push(`${phone ? 'sms' : 'page'} of ${n}`);
  }
  return {
    ...{ accepted: load.accepted.size, lost },
    doublePages: repeated(pages),
    doubleSms: repeated(sms),
    repeatedUnderOneKey: repeated(vendors.slack),
  };
}
