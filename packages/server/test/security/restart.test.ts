import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecurityDetection } from '@yumops/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../engines.ts';
import { until } from '../ingest.ts';
import { type RunningPlatform, startYumops } from '../support/start-yumops.mjs';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const ADMIN = 'restart-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';

let folder: string;
let server: StateServer;
let telemetry: TestTelemetry;
let gate: { url: string; server: Server };
/** While it is shut the store answers questions and takes no rows. */
let isShut = false;
let environment: NodeJS.ProcessEnv;
let running: RunningPlatform | undefined;

/** Stands before the telemetry store. */
async function openGate(target: URL): Promise<typeof gate> {
  const proxy = createServer((incoming, answer) => {
    if (isShut && /[?&]query=INSERT/.test(incoming.url ?? '')) {
      incoming.resume();
      incoming.once('end', () => answer.writeHead(503).end('shut'));
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request(target.origin + path, { method, headers }, (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
    });
    onward.once('error', () => answer.destroy());
    answer.once('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((proxy.address() as AddressInfo).port);
  return { url: url.href, server: proxy };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-restart-'));
  await chmod(folder, 0o755);
  [server, telemetry] = await Promise.all([startStateServer(), startTestTelemetry()]);
  gate = await openGate(new URL(telemetry.url));
  await writeFile(join(folder, 'yumops.yml'), 'service: shop\n');
  environment = {
    ...process.env,
    ...{ YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: ADMIN, YUMOPS_INGEST_KEY: KEY },
    ...{ YUMOPS_STATE_URL: (await server.database()).url, YUMOPS_TELEMETRY_URL: gate.url },
  };
}, 120_000);

afterAll(async () => {
  isShut = false;
  await running?.stop();
  gate.server.closeAllConnections();
  gate.server.close();
  await Promise.all([server.stop(), telemetry.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<RunningPlatform> {
  running = await startYumops({ folder, env: environment });
  return running;
}

async function fail({ url }: RunningPlatform, times: number): Promise<void> {
  for (let guess = 0; guess < times; guess += 1) {
    const answer = await fetch(`${url}/ingest/ndjson`, {
      method: 'POST',
      headers: { 'x-yumops-key': KEY },
      body: JSON.stringify({
        ...{ type: 'security', event: 'failed_authentication', severity: 'medium', service: 'shop' },
        ...{ ip: '203.0.113.9', account: 'alice@example.com' },
      }),
    });
    expect(answer.status).toBe(202);
  }
}

async function detections({ url }: RunningPlatform): Promise<SecurityDetection[]> {
  const answer = await fetch(`${url}/api/v1/security/detections`, { headers: { authorization: `Bearer ${ADMIN}` } });
  return ((await answer.json()) as { items: SecurityDetection[] }).items;
}

async function stored(): Promise<number> {
  const [row] = await telemetry.telemetry.query<{ n: number }>('SELECT count() AS n FROM security_event_rows');
  return row?.n ?? 0;
}

test('after a kill the detectors count what is stored and what still waits in the spool, each once', {
  timeout: 120_000,
}, async () => {
  const first = await start();
  await fail(first, 1);
  await until(async () => (await stored()) === 1);
  isShut = true;
  // Two ranges are on their way and are refused; the third is not even cut.
  await fail(first, 3);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = await start();
  await fail(second, 1);
  const [found] = await until(async () => {
    const items = await detections(second);
    return items.length > 0 && items;
  });
  expect(found).toMatchObject({ code: 'brute_force', count: 5, keys: { ip: '203.0.113.9' } });
  isShut = false;
  await until(async () => (await stored()) >= 5);
  expect(await stored()).toBe(5);
});
