import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Secret } from '../../src/lib/secret.ts';
import { AlertEngine } from '../../src/respond/alerting/engine.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { BEAT_CHANNEL, beatNotifier, type WatchState } from '../../src/respond/watchdog/index.ts';
import { configOf } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import type { StrictVendor } from '../support/strict-vendor.ts';
import { type MailVendor, mailServer } from '../support/vendor-servers.ts';
import { pagerdutyServer, ROUTING_KEY } from '../support/vendors/pagerduty.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'yumops.js');
const SECRET = 'a secret for the beats of a test';
const EVERY_MS = 1_500;

let server: StateServer;
let mail: MailVendor;
let pagerduty: StrictVendor;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [server, mail, pagerduty] = await Promise.all([startStateServer(), mailServer(), pagerdutyServer()]);
  folder = await mkdtemp(join(tmpdir(), 'yumops-watchdog-'));
});

afterAll(async () => {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all([server.stop(), mail.stop(), pagerduty.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** A watchdog as a process of its own. */
async function startWatchdog(name: string): Promise<string> {
  const config = join(folder, `${name}.yml`);
  await writeFile(
    config,
    `service: ${name}
integrations:
  smtp: {url: "${mail.url}", from: watchdog@yumzoom.com}
  pagerduty: {ops: {key: ${ROUTING_KEY}, url: "${pagerduty.base}"}}
watchdog:
  every: ${EVERY_MS}ms
  secret: "${SECRET}"
  listen: 127.0.0.1:0
  notify: [{email: [ops@yumzoom.com]}, {pagerduty: ops}]
`,
  );
  const child = spawn(
    process.execPath,
    [BIN, 'watchdog', '--config', config, '--state', join(folder, `${name}.json`)],
    {
      // A watchdog whose test was killed ends too.
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    },
  );
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`yumops watchdog ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (line.startsWith('ready:')) resolve(line.slice(6).trim());
    });
  });
}

/** The alert path of a platform whose parts can be stopped one by one. */
async function startPath(name: string, url: string) {
  const { db } = await server.database();
  const stopped = { evaluator: false, sender: false, database: false };
  const store = new PostgresAlertStore({
    query: (...args) => (stopped.database ? Promise.reject(new Error('no database')) : db.query(...args)),
    transaction: (work) => (stopped.database ? Promise.reject(new Error('no database')) : db.transaction(work)),
  } as typeof db);
  const watchdog = {
    ...{ everyMs: EVERY_MS, misses: 3, secret: new Secret(SECRET), listen: null, notify: [] },
    heartbeats: [{ name: 'outside', url: new Secret(url), broken: null }],
  };
  const engine = new AlertEngine(
    {
      ...{ store, buckets: { read: async () => [] }, watermark: () => undefined, monitorStates: async () => [] },
      resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
      notifiers: () => new Map([[BEAT_CHANNEL, beatNotifier(watchdog, name, systemClock)]]),
      ...{ clock: systemClock, log: createLog(systemClock, () => undefined), publicUrl: 'http://127.0.0.1' },
      ...{ instance: name, timing: { ingestDelayMs: 0, phase: 0 }, leaseMs: 10_000, wake: () => undefined },
    },
    { ...configOf(''), watchdog },
  );
  let over = false;
  const loop = async (part: 'evaluator' | 'sender', work: () => Promise<unknown>) => {
    while (!over) {
      if (!stopped[part]) await work().catch(() => undefined);
      await systemClock.sleep(50);
    }
  };
  const loops = [loop('evaluator', () => engine.lead()), loop('sender', () => engine.serve())];
  return {
    stopped,
    async end() {
      over = true;
      await Promise.all(loops);
    },
  };
}

const mailsOf = (name: string) => mail.mails.filter(({ subject }) => subject.includes(` of ${name} `));
const eventsOf = (name: string) =>
  pagerduty.accepted
    .map(({ body }) => JSON.parse(body))
    .filter(({ dedup_key: key }) => key.includes(`watchdog-${name}-`));
const stateOf = async (url: string) =>
  (await fetch(new URL('/', url))).json() as Promise<Pick<WatchState, 'lastBeatAt' | 'outage'>>;

test('the watchdog tells by itself when evaluation, deliveries or the database stop, and of the end', async () => {
  const parts = ['evaluator', 'sender', 'database'] as const;
  const urls = await Promise.all(parts.map(startWatchdog));
  const paths = await Promise.all(parts.map((part, index) => startPath(part, urls[index] ?? '')));
  for (const url of urls) await expect.poll(async () => (await stateOf(url)).lastBeatAt).not.toBeNull();
  // A slow start is a time without beats too.
  await expect
    .poll(async () => Promise.all(urls.map(async (url) => (await stateOf(url)).outage)))
    .toEqual([null, null, null]);
  mail.mails.length = 0;
  pagerduty.accepted.length = 0;
  parts.forEach((part, index) => {
    const path = paths[index];
    if (path) path.stopped[part] = true;
  });
  for (const part of parts) {
    await expect.poll(() => mailsOf(part).length, { message: `${part} stopped` }).toBe(1);
    await expect.poll(() => eventsOf(part).length).toBe(1);
    expect(mailsOf(part)[0]?.subject).toContain('gives no sign of life');
    expect(eventsOf(part)[0]).toMatchObject({ event_action: 'trigger' });
  }
  parts.forEach((part, index) => {
    const path = paths[index];
    if (path) path.stopped[part] = false;
  });
  for (const part of parts) {
    await expect.poll(() => mailsOf(part).length, { message: `${part} works again` }).toBe(2);
    await expect.poll(() => eventsOf(part).at(-1)?.event_action).toBe('resolve');
  }
  await Promise.all(paths.map((path) => path.end()));
});

test('a beat that is not signed, or comes a second time, is no sign of life', async () => {
  const url = await startWatchdog('forged');
  const body = JSON.stringify({ service: 'forged', key: 'k', evaluatedAt: 1 });
  expect((await fetch(url, { method: 'POST', body })).status).toBe(403);
  expect((await stateOf(url)).lastBeatAt).toBeNull();
});
