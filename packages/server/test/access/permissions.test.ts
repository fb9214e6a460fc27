import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/lib/db.ts';
import { BIN, type RunningPlatform, startYumops } from '../support/start-yumops.mjs';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { fuzzRoutes } from './route-fuzz.mjs';

const ADMIN = 'permissions-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';
const ROLES = ['viewer', 'responder', 'admin'] as const;
type Role = (typeof ROLES)[number];

interface Route {
  method: string;
  path: string;
  role: Role | null;
  body: boolean;
  query: string[];
}

let folder: string;
let server: StateServer;
let state: { db: Db; url: string };
let platform: RunningPlatform;
let routes: Route[];
const tokens = { admin: ADMIN } as Record<Role, string>;

const environment = () => ({
  ...process.env,
  YUMOPS_DATA: join(folder, 'data'),
  YUMOPS_ADMIN_TOKEN: ADMIN,
  YUMOPS_INGEST_KEY: KEY,
  YUMOPS_STATE_URL: state.url,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-permissions-'));
  await chmod(folder, 0o755);
  server = await startStateServer();
  state = await server.database();
  await writeFile(join(folder, 'yumops.yml'), 'service: shop\n');
  platform = await startYumops({ folder, env: environment() });
  for (const role of ['viewer', 'responder'] as const) tokens[role] = await makeToken(role);
  routes = await readRoutes();
}, 120_000);

afterAll(async () => {
  await platform.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function makeToken(role: Role): Promise<string> {
  const answer = await fetch(`${platform.url}/api/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN}` },
    body: JSON.stringify({ name: role, role }),
  });
  return ((await answer.json()) as { secret: string }).secret;
}

async function readRoutes(): Promise<Route[]> {
  const document = (await (await fetch(`${platform.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { 'x-role'?: Role; parameters?: { in: string; name: string }[] }>>;
  };
  return Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...{ method: method.toUpperCase(), path },
        role: operation['x-role'] ?? null,
        query: (operation.parameters ?? []).filter(({ in: place }) => place === 'query').map(({ name }) => name),
        body: method !== 'get' && method !== 'delete' && method !== 'head',
      })),
    )
    .toSorted((a, b) => `${a.path} ${a.method}`.localeCompare(`${b.path} ${b.method}`, 'en'));
}

/** Calls a route with things that do not exist, and reads no more than its status: some answer for ever. */
async function statusOf({ method, path, body }: Route, headers: Record<string, string>): Promise<number> {
  const enough = new AbortController();
  const answer = await fetch(platform.url + path.replaceAll(/\{[^}]+\}/g, 'x'), {
    ...{ method, signal: enough.signal },
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: '{}' }),
  });
  enough.abort();
  return answer.status;
}

test('the table of permissions in the reference is that of the running platform', async () => {
  const lines = routes.map(({ method, path, role }) => `| ${method} | \`${path}\` | ${role ?? 'own key or none'} |`);
  const head = [
    '# Who may call what',
    '',
    'Every route of the API with the role that it wants. A role includes those before it: viewer, responder, admin. Routes for senders of telemetry and',
    'for vendors check a key, a signature or a token of their own, or are public, such as health and badges.',
    '',
    '| Method | Path | Role |',
    '|---|---|---|',
  ];
  const file = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'reference', 'permissions.md');
  await expect([...head, ...lines, ''].join('\n')).toMatchFileSnapshot(file);
});

describe('every route', () => {
  test('refuses who has no login, whatever it is asked', async () => {
    const guarded = routes.filter(({ role }) => role !== null);
    expect(guarded.length).toBeGreaterThan(100);
    const open: string[] = [];
    for (const route of guarded) {
      const status = await statusOf(route, {});
      const forged = await statusOf(route, { authorization: 'Bearer 0123456789abcdef0123456789abcdef' });
      if (status !== 401 || forged !== 401) open.push(`${route.method} ${route.path} ${status} ${forged}`);
    }
    expect(open).toEqual([]);
  });

  test.each(ROLES)('lets %s do what the table says and no more', async (holder) => {
    const wrong: string[] = [];
    for (const route of routes) {
      if (route.role === null) continue;
      const status = await statusOf(route, { authorization: `Bearer ${tokens[holder]}` });
      const may = ROLES.indexOf(holder) >= ROLES.indexOf(route.role);
      const right = may ? status !== 401 && status !== 403 && status !== 500 : status === 403;
      if (!right) wrong.push(`${route.method} ${route.path} wants ${route.role}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  test('below /api/v1/ wants a role, but for those that are named here', () => {
    const free = routes.filter(({ path, role }) => role === null && path.startsWith('/api/v1/'));
    expect(free.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v1/oncall/{schedule}.ics',
      'POST /api/v1/probes/files',
      'POST /api/v1/probes/sync',
    ]);
  });
});

test('made-up requests get no 5xx and no look inside', { timeout: 120_000 }, async () => {
  const password = new URL(state.url).password;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const { statuses, failures, leaks } = await fuzzRoutes({
    ...{ url: platform.url, routes, requests: 2 * routes.length * (ROLES.length + 2), seed: 20_261_130 },
    secrets: [ADMIN, join(folder, 'data'), ...(password === '' ? [] : [password])],
    logins: [{ 'x-yumops-key': KEY }, ...ROLES.map((role) => bearer(tokens[role]))],
  });
  expect({ failures, leaks }).toEqual({ failures: [], leaks: [] });
  expect(statuses[200]).toBeGreaterThan(100);
  expect(statuses[400]).toBeGreaterThan(100);
});

test('the doctor finds a tampered audit log', async () => {
  const doctor = () =>
    promisify(execFile)(process.execPath, [BIN, 'doctor', '--json'], { cwd: folder, env: environment() }).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
  const said = async () =>
    (JSON.parse(await doctor()) as { diagnoses: { name: string; status: string; message: string }[] }).diagnoses.find(
      ({ name }) => name === 'audit log',
    );
  expect(await said()).toMatchObject({ status: 'ok', message: expect.stringMatching(/chain is whole/) });
  await state.db.transaction(async (tx) => {
    await tx.query("SET LOCAL session_replication_role = 'replica'");
    await tx.query("UPDATE audit_log SET actor = 'nobody' WHERE action = 'token.create'");
  });
  expect(await said()).toMatchObject({ status: 'problem', message: expect.stringMatching(/Entry \d+ was changed/) });
});
