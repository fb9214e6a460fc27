import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit } from '../../src/access/audit.ts';
import { alertmanagerRoutes } from '../../src/http/alertmanager.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import { createLog } from '../../src/lib/log.ts';
import { type Alerting, createAlerting } from '../../src/respond/alerting/index.ts';
import type { Outgoing } from '../../src/respond/notify/index.ts';
import { configOf } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const PROMETHEUS = '/usr/bin/prometheus';
const AMTOOL = '/usr/bin/amtool';
const CONFIG = `
alert_settings: {email_notifications: [admin@yumzoom.com]}
pushed_alerts: [{notifications: [{slack: "#ops"}]}]
grouping: {by: [alertname], group_wait: 0s, group_interval: 1s}
`;

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'yumops-prometheus-'));
const received: Outgoing[] = [];
let server: StateServer;
let app: FastifyInstance;
let alerting: Alerting;
let address: string;
let prometheus: ChildProcess | undefined;

beforeAll(async () => {
  server = await startStateServer();
  const { db } = await server.database();
  const log = createLog(systemClock, () => undefined);
  alerting = createAlerting({
    ...{ db, config: configOf(CONFIG), audit, clock: systemClock, log, publicUrl: 'https://ops.yumzoom.app' },
    instance: 'one',
    telemetry: { query: async () => [] } as never,
    watermark: () => undefined,
    monitorStates: async () => [],
    resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
    notifiers: () =>
      new Map([
        [
          'slack',
          {
            async send(message: Outgoing) {
              received.push(message);
              return { outcome: 'sent', detail: 'taken' } as const;
            },
          },
        ],
      ]),
  });
  app = await createHttpServer({ log, version: '0' });
  const guard = () => async (request: { headers: Record<string, unknown>; principal?: unknown }) => {
    if (request.headers.authorization !== 'Bearer token')
      throw new YumOpsError('unauthenticated', 'no', { status: 401 });
    request.principal = { id: '1', name: 'ada@yumzoom.com', role: 'responder', kind: 'token' };
  };
  const findIngestKey = async (secret: string) =>
    secret === 'server' ? { scope: 'server' as const, project: null } : undefined;
  const startedAt = systemClock.now();
  alertmanagerRoutes(app, { alerting, guard: guard as never, findIngestKey, version: '1.2.3', startedAt });
  await app.listen({ port: 0, host: '127.0.0.1' });
  address = `127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  alerting.start();
});

afterAll(async () => {
  if (prometheus && prometheus.exitCode === null) {
    const gone = once(prometheus, 'exit');
    prometheus.kill('SIGTERM');
    await gone;
  }
  await alerting.stop();
  await app.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const titles = (kind: string) => received.filter(({ body }) => body.kind === kind).map(({ body }) => body.rule);

async function amtool<Answer>(...args: string[]): Promise<Answer> {
  const config = join(folder, 'amtool-http.yml');
  writeFileSync(config, 'authorization: {type: Bearer, credentials: token}\n');
  const { stdout } = await run(AMTOOL, [
    ...['--alertmanager.url', `http://${address}`, '--http.config.file', config, '--output', 'json'],
    ...args,
  ]);
  return JSON.parse(stdout) as Answer;
}

/** The rules of Prometheus: one that fires, or one of the same name that does not. */
function writeRules(expression: string): void {
  const rule = `{alert: QueueStuck, expr: "${expression}", labels: {severity: page}, annotations: {summary: "the queue is stuck"}}`;
  writeFileSync(join(folder, 'rules.yml'), `groups: [{name: ours, interval: 1s, rules: [${rule}]}]\n`);
}

test.skipIf(!existsSync(PROMETHEUS))('a rule of Prometheus fires and ends here', { timeout: 150_000 }, async () => {
  writeRules('vector(1)');
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: {evaluation_interval: 1s}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{targets: ["${address}"]}]
      authorization: {credentials: server}
`,
  );
  mkdirSync(join(folder, 'tsdb'));
  prometheus = spawn(
    PROMETHEUS,
    [
      ...[`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`],
      ...['--web.listen-address=127.0.0.1:0', '--rules.alert.resend-delay=2s', '--log.level=error'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await expect.poll(() => titles('firing'), { timeout: 60_000 }).toContain('QueueStuck');
  const [alert] = received[0]?.body.alerts ?? [];
  expect(alert).toMatchObject({ severity: 'critical', annotations: { summary: 'the queue is stuck' } });
  writeRules('vector(1) < 0');
  prometheus.kill('SIGHUP');
  await expect.poll(() => titles('resolved'), { timeout: 60_000 }).toEqual(['QueueStuck']);
  expect(titles('firing')).toEqual(['QueueStuck']);
});

test.skipIf(!existsSync(AMTOOL))('amtool lists alerts, and adds, lists and ends a silence', async () => {
  const labels = { alertname: 'DiskFull', instance: 'db1' };
  await alerting.push([{ labels, annotations: {}, endsAt: systemClock.now() + 600_000 }]);
  await expect.poll(() => titles('firing')).toContain('DiskFull');
  expect(await amtool('alert', 'query', 'instance=db1')).toMatchObject([{ labels, status: { state: 'active' } }]);

  const config = join(folder, 'amtool-http.yml');
  const base = ['--alertmanager.url', `http://${address}`, '--http.config.file', config];
  const added = await run(AMTOOL, [...base, 'silence', 'add', 'instance=db1', '-c', 'disk is ordered', '-d', '1h']);
  const id = added.stdout.trim();
  expect(await amtool('silence', 'query')).toMatchObject([
    { id, comment: 'disk is ordered', status: { state: 'active' }, matchers: [{ name: 'instance', value: 'db1' }] },
  ]);
  expect(await amtool('alert', 'query', '--silenced', 'instance=db1')).toMatchObject([
    { status: { state: 'suppressed', silencedBy: [id] } },
  ]);
  await run(AMTOOL, [...base, 'silence', 'expire', id]);
  expect(await amtool('silence', 'query')).toEqual([]);
  expect(await amtool('alert', 'query', 'instance=db1')).toMatchObject([{ status: { state: 'active' } }]);
});
