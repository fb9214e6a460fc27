import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceItem, JobRun, Overview, Page } from '@yumops/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from './ingest.ts';
import { type RunningPlatform, startYumops } from './support/start-yumops.mjs';
import { type StateServer, startStateServer } from './support/state-server.ts';
import { startTelemetryServer, type TelemetryServer } from './support/telemetry-server.ts';

const KEY = '0123456789abcdef0123456789abcdef';
const ADMIN = 'roles-test-admin-token';

let folder: string;
let state: StateServer;
let telemetry: TelemetryServer;
let env: NodeJS.ProcessEnv;
let ingest: RunningPlatform;
let web: RunningPlatform;

const start = (role: string, more: NodeJS.ProcessEnv = {}) =>
  startYumops({ folder, env: { ...env, YUMOPS_ROLE: role, YUMOPS_DATA: join(folder, role), ...more } });

const get = async <T>(path: string): Promise<T> => {
  const answer = await fetch(web.url + path, { headers: { authorization: `Bearer ${ADMIN}` } });
  expect({ path, status: answer.status }).toEqual({ path, status: 200 });
  return (await answer.json()) as T;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-roles-'));
  await chmod(folder, 0o755);
  [state, telemetry] = await Promise.all([startStateServer(), startTelemetryServer()]);
  await writeFile(join(folder, 'yumops.yml'), 'service: shop\n');
  env = {
    ...process.env,
    ...{ YUMOPS_STATE_URL: (await state.database()).url, YUMOPS_TELEMETRY_URL: telemetry.url },
    ...{ YUMOPS_SECRET_KEY: 'fedcba9876543210fedcba9876543210', YUMOPS_INGEST_KEY: KEY, YUMOPS_ADMIN_TOKEN: ADMIN },
  };
  [ingest, web] = await Promise.all([start('ingest'), start('web')]);
}, 120_000);

afterAll(async () => {
  await Promise.all([ingest?.stop(), web?.stop()]);
  await Promise.all([state?.stop(), telemetry?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

test('each instance answers what belongs to its roles', async () => {
  const pathsOf = async ({ url }: RunningPlatform) =>
    Object.keys(((await (await fetch(`${url}/api/openapi.json`)).json()) as { paths: object }).paths);
  const [taking, showing] = await Promise.all([pathsOf(ingest), pathsOf(web)]);
  expect(taking.filter((path) => path.startsWith('/api/v1/')).sort()).toEqual(
    expect.not.arrayContaining(['/api/v1/alerts', '/api/v1/overview', '/api/v1/tokens']),
  );
  expect(taking).toContain('/ingest/ndjson');
  expect(showing).toContain('/api/v1/overview');
  expect(showing).not.toContain('/ingest/ndjson');
  for (const { url } of [ingest, web]) expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await fetch(`${ingest.url}/`)).status).toBe(404);
  expect((await fetch(`${web.url}/`)).status).toBe(200);
});

test('what one takes the other shows, in the live tail too', async () => {
  const following = await fetch(`${web.url}/api/v1/logs/tail?q=split`, {
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  const reader = (following.body as ReadableStream<Uint8Array>).getReader();
  const line = { timestamp: new Date().toISOString(), level: 'info', message: 'split in roles', service: 'shop' };
  const taken = await fetch(`${ingest.url}/ingest/ndjson`, {
    ...{ method: 'POST', headers: { 'x-yumops-key': KEY }, body: JSON.stringify(line) },
  });
  expect(taken.status).toBe(202);
  let text = '';
  while (!text.includes('split in roles')) text += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
});

test('nobody who works is a problem; a job that is started by hand waits for a worker', async () => {
  const { items } = await get<Page<InstanceItem>>('/api/v1/instances');
  expect(items.map(({ roles, state: is }) => `${roles} ${is}`).sort()).toEqual(['ingest live', 'web live']);
  const overview = await get<Overview>('/api/v1/overview');
  expect(JSON.stringify(overview)).toContain('No instance checks monitors, evaluates alert rules and runs jobs.');
  const asked = await fetch(`${web.url}/api/v1/jobs/telemetry-retention/run`, {
    ...{
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
      body: '{}',
    },
  });
  const { id } = (await asked.json()) as JobRun;
  const status = async () => (await get<{ status: string }>(`/api/v1/jobs/runs/${id}`)).status;
  expect(await status()).toBe('queued');
  const worker = await start('worker');
  try {
    await until(async () => (await status()) === 'succeeded');
    await until(async () => {
      const now = await get<Page<InstanceItem>>('/api/v1/instances');
      return now.items.some(({ roles, caretaker }) => roles.includes('worker') && caretaker);
    });
  } finally {
    expect(await worker.stop()).toBe(0);
  }
});

test('an instance with another secret key does not start', async () => {
  await expect(
    start('other', { YUMOPS_ROLE: 'web', YUMOPS_SECRET_KEY: 'another-key-another-key-another-key' }),
  ).rejects.toThrow('ended with 1');
});
