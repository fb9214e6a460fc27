import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/lib/db.ts';
import { BIN, type RunningPlatform, startYumops } from '../support/start-yumops.mjs';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { MARK, OF_NO_PROJECT, OTHER_CONFIG, OWN, plant, type Question, questions } from './other-project.ts';
import { fuzzRoutes } from './route-fuzz.mjs';

const ADMIN = 'permissions-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';
const ROLES = ['viewer', 'responder', 'admin'] as const;
type Role = (typeof ROLES)[number];

interface Route {
  method: string;
  path: string;
  role: Role | null;
  /** Whether a role in one project is enough. */
  reach: 'installation' | 'project' | null;
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
  await writeFile(join(folder, 'yumops.yml'), `service: shop\n${OTHER_CONFIG}`);
  platform = await startYumops({ folder, env: environment() });
  for (const role of ['viewer', 'responder'] as const) tokens[role] = await makeToken({ name: role, role });
  routes = await readRoutes();
}, 120_000);

afterAll(async () => {
  await platform.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function makeToken(asked: object): Promise<string> {
  const answer = await fetch(`${platform.url}/api/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN}` },
    body: JSON.stringify(asked),
  });
  return ((await answer.json()) as { secret: string }).secret;
}

async function readRoutes(): Promise<Route[]> {
  const document = (await (await fetch(`${platform.url}/api/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<
        string,
        { 'x-role'?: Role; 'x-reach'?: 'installation' | 'project'; parameters?: { in: string; name: string }[] }
      >
    >;
  };
  return Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...{ method: method.toUpperCase(), path },
        role: operation['x-role'] ?? null,
        reach: operation['x-reach'] ?? null,
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
  const where = { installation: 'the installation', project: 'a project' };
  const lines = routes.map(
    ({ method, path, role, reach }) =>
      `| ${method} | \`${path}\` | ${role ?? 'own key or none'} | ${reach === null ? '' : where[reach]} |`,
  );
  const head = [
    '# Who may call what',
    '',
    'Every route of the API with the role that it wants. A role includes those before it: viewer, responder, admin. Routes for senders of telemetry and',
    'for vendors check a key, a signature or a token of their own, or are public, such as health and badges.',
    '',
    'A role is held for the installation, or for single projects. Where the last column says *a project*, a role in one project is enough: answers keep',
    'to the projects in which the caller has the role, `?project=2` chooses one of them, and what belongs to another is refused or unknown.',
    '',
    '| Method | Path | Role | For |',
    '|---|---|---|---|',
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

describe('who administers project 1 alone', () => {
  let token: string;
  let asked: Readonly<Record<string, Question>>;

  beforeAll(async () => {
    const ids = await plant({ url: platform.url, admin: ADMIN, db: state.db });
    asked = questions(ids);
    token = await makeToken({ name: 'of project 1', role: 'none', projects: { 1: 'admin' } });
  });

  const ask = async (name: string, bearer: string, { path, body }: Question) => {
    const answer = await fetch(platform.url + path, {
      method: name.split(' ')[0] as string,
      headers: { authorization: `Bearer ${bearer}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const tellsOf = ({ tells = (text: string) => text.includes(MARK) }: Question, { status, text }: Answer) =>
    status < 300 && tells(text);
  interface Answer {
    status: number;
    text: string;
  }

  test('is refused by every route of the installation', async () => {
    const open: string[] = [];
    for (const route of routes.filter(({ reach }) => reach === 'installation')) {
      const status = await statusOf(route, { authorization: `Bearer ${token}` });
      if (status !== 403) open.push(`${route.method} ${route.path}: ${status}`);
    }
    expect(open).toEqual([]);
  });

  test('learns and changes nothing of project 2 by any route that a role in a project opens', {
    timeout: 60_000,
  }, async () => {
    const names = routes.filter(({ reach }) => reach === 'project').map(({ method, path }) => `${method} ${path}`);
    const answered = [...Object.keys(asked), ...Object.keys(OF_NO_PROJECT), 'GET /api/v1/logs/tail'];
    expect(answered.toSorted()).toEqual(names.toSorted());
    const wrong: string[] = [];
    for (const [name, question] of Object.entries(asked)) {
      const own = await ask(name, token, question);
      const leaks = question.changes ? own.status < 300 : tellsOf(question, own) || own.text.includes(`${MARK} `);
      const broken = own.status >= 500 || own.status === 400 || own.status === 401;
      if (leaks || broken) wrong.push(`${name} ${own.status} ${own.text.slice(0, 300)}`);
      if (question.changes) continue;
      // Who may see it does see it: the question is one that has an answer.
      await expect
        .poll(async () => tellsOf(question, await ask(name, ADMIN, question)), { timeout: 20_000, message: name })
        .toBe(true);
      const narrowed = { ...question, path: `${question.path}${question.path.includes('?') ? '&' : '?'}project=2` };
      const refused = await ask(name, token, narrowed);
      if (refused.status !== 403) wrong.push(`${name} with project=2 ${refused.status}`);
    }
    expect(wrong).toEqual([]);
  });

  test('could not because of the project alone: who has the role in project 2 may', async () => {
    const other = await makeToken({ name: 'of project 2', role: 'none', projects: { 2: 'admin' } });
    const wrong: string[] = [];
    const changes = Object.entries(asked).filter(([name, { changes: one }]) => one && !name.includes('/views'));
    for (const [name, question] of changes) {
      const { status, text } = await ask(name, other, question);
      // A group that is no part of an error cannot be split off it.
      if (status >= 300 && !text.includes('invalid_split')) wrong.push(`${name} ${status} ${text.slice(0, 200)}`);
    }
    expect(wrong).toEqual([]);
  });

  test('sees its own, and follows the log of its own alone', async () => {
    const sql = { path: '/api/v1/query', body: { sql: 'SELECT message FROM application_logs' } };
    const { text } = await ask('POST /api/v1/query', token, sql);
    expect(JSON.parse(text)).toMatchObject({ rows: [[OWN]] });
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${token}` };
    const tail = await fetch(`${platform.url}/api/v1/logs/tail`, { headers, signal: stop.signal });
    const keys = await Promise.all(['2', '1'].map((project) => keyOf(project)));
    for (const [n, secret] of keys.entries()) await sendLine(secret, n === 0 ? `${MARK} again` : `${OWN} again`);
    let seen = '';
    const decoder = new TextDecoder();
    for await (const chunk of tail.body as AsyncIterable<Uint8Array>) {
      seen += decoder.decode(chunk, { stream: true });
      if (seen.includes(`${OWN} again`)) break;
    }
    stop.abort();
    expect(seen).not.toContain(MARK);
  });

  test('sees alerts that a key of its project pushed without naming one, and none that another key pushed', async () => {
    const pushed = JSON.stringify([{ labels: { alertname: 'Unlabelled' } }]);
    for (const secret of [await keyOf('2'), await keyOf('1'), KEY]) {
      expect((await post('/api/v2/alerts', { 'x-yumops-key': secret }, pushed)).status).toBe(200);
    }
    const seenBy = async (bearer: string) => {
      const { text } = await ask('GET ', bearer, { path: '/api/v1/alerts?limit=200' });
      const { items } = JSON.parse(text) as { items: { rule: string; labels: object }[] };
      return items.filter(({ rule }) => rule === 'Unlabelled').map(({ labels }) => labels);
    };
    // Three alerts, although their labels are the same, and stay so.
    await expect
      .poll(() => seenBy(ADMIN), { timeout: 20_000 })
      .toEqual(Array.from({ length: 3 }, () => ({ alertname: 'Unlabelled' })));
    expect(await seenBy(token)).toHaveLength(1);
  });

  const post = (path: string, headers: Record<string, string>, body: string) =>
    fetch(platform.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  async function keyOf(project: string): Promise<string> {
    const body = JSON.stringify({ scope: 'server', project });
    const made = await post('/api/v1/ingest-keys', { authorization: `Bearer ${ADMIN}` }, body);
    return ((await made.json()) as { secret: string }).secret;
  }
  async function sendLine(secret: string, message: string): Promise<void> {
    const line = JSON.stringify({ timestamp: Date.now(), level: 'info', message, service: 'shop' });
    expect((await post('/ingest/ndjson', { 'x-yumops-key': secret }, line)).status).toBeLessThan(300);
  }
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
