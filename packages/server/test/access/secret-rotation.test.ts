import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { SecretRotation, SecretsReport } from '@yumops/protocol';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '../../src/lib/db.ts';
import { pseudonymKey } from '../../src/lib/pseudonym.ts';
import { createSeal } from '../../src/lib/seal.ts';
import { BIN, type RunningPlatform, startYumops } from '../support/start-yumops.mjs';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { totp } from '../support/totp.ts';

const ADMIN = 'rotation-test-admin-token';
const OLD = 'o'.repeat(64);
const NEW = 'n'.repeat(64);
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery staple';
const MONITORS = 12;
/** The rotation is held up at this one, counted from 0 in the order of their ids. */
const STUCK = 5;

let folder: string;
let server: StateServer;
let state: { db: Db; url: string };
let platform: RunningPlatform | undefined;

const environment = (key: string, previous: string) => ({
  ...{ ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_ADMIN_TOKEN: ADMIN, YUMOPS_STATE_URL: state.url },
  ...{ YUMOPS_SECRET_KEY: key, YUMOPS_SECRET_KEY_PREVIOUS: previous },
});

async function start(key: string, previous = ''): Promise<RunningPlatform> {
  platform = await startYumops({ folder, env: environment(key, previous) });
  return platform;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-rotation-'));
  await chmod(folder, 0o755);
  server = await startStateServer();
  state = await server.database();
  await writeFile(join(folder, 'yumops.yml'), 'service: shop\nsign_in: {breached_passwords: false}\n');
});

afterAll(async () => {
  await platform?.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function api<Answer>({ url }: RunningPlatform, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(url + path, {
    ...{ method, headers: { authorization: `Bearer ${ADMIN}`, ...(body && { 'content-type': 'application/json' }) } },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return (await answer.json()) as Answer;
}

/** What a browser keeps of its answers. */
class Browser {
  readonly cookies = new Map<string, string>();

  async ask<Answer>({ url }: RunningPlatform, path: string, body?: object): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url + path, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { cookie, origin: url, 'content-type': 'application/json' },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return (await answer.json()) as Answer;
  }

  async signIn(running: RunningPlatform, uri: string): Promise<void> {
    await this.ask(running, '/api/auth/sign-in/email', { email: EMAIL, password: PASSWORD });
    await this.ask(running, '/api/auth/two-factor/verify-totp', { code: totp(uri, Date.now()) });
  }

  async who(running: RunningPlatform): Promise<string | undefined> {
    return (await this.ask<{ email?: string }>(running, '/api/v1/me')).email;
  }
}

const names = async (running: RunningPlatform) =>
  (await api<{ items: { name: string }[] }>(running, 'GET', '/api/v1/monitors?limit=100')).items.map(
    ({ name }) => name,
  );

const part = (report: SecretsReport, name: string) => report.parts.find((each) => each.name === name);

async function doctor(key: string, previous: string) {
  const { stdout } = await promisify(execFile)(process.execPath, [BIN, 'doctor', '--json'], {
    ...{ cwd: folder, env: environment(key, previous) },
  }).catch((error: { stdout: string }) => error);
  const { diagnoses } = JSON.parse(stdout) as { diagnoses: { name: string; status: string; message: string }[] };
  return diagnoses.find(({ name }) => name === 'secrets');
}

/** Ids of monitors that the new key opens. */
async function underNew(): Promise<string[]> {
  const seal = createSeal({ current: NEW, previous: [] }, 'monitors');
  const rows = await state.db.query<{ id: string; definition: Buffer }>(
    'SELECT id, definition FROM stored_monitors ORDER BY id',
  );
  return rows.flatMap(({ id, definition }) => (seal.standingOf(definition, id) === 'current' ? [id] : []));
}

test('a new key comes, the platform is killed while it rotates, and nothing is lost', {
  timeout: 120_000,
}, async () => {
  const first = await start(OLD);
  for (let n = 10; n < 10 + MONITORS; n += 1) {
    const monitor = { name: `Shop ${n}`, url: 'https://shop.example/', paused: true, auth: { bearer: `secret ${n}` } };
    await api(first, 'POST', '/api/v1/monitors', monitor);
  }
  await api(first, 'POST', '/api/v1/users', { email: EMAIL, password: PASSWORD, name: 'Ada', role: 'viewer' });
  const browser = new Browser();
  await browser.ask(first, '/api/auth/sign-in/email', { email: EMAIL, password: PASSWORD });
  const { totpURI } = await browser.ask<{ totpURI: string }>(first, '/api/auth/two-factor/enable', {
    password: PASSWORD,
  });
  await browser.ask(first, '/api/auth/two-factor/verify-totp', { code: totp(totpURI, Date.now()) });
  expect(await browser.who(first)).toBe(EMAIL);
  const written = await names(first);
  expect(written).toHaveLength(MONITORS);
  await first.stop();

  // With the new key in front nobody is signed out, and everything can be read and written.
  const second = await start(NEW, OLD);
  expect(await browser.who(second)).toBe(EMAIL);
  const other = new Browser();
  await other.signIn(second, totpURI);
  expect(await other.who(second)).toBe(EMAIL);
  expect(await names(second)).toEqual(written);
  const before = await api<SecretsReport>(second, 'GET', '/api/v1/secrets');
  expect(part(before, 'monitors')).toMatchObject({ current: 0, previous: MONITORS, unreadable: 0 });
  expect(part(before, 'second factors')).toMatchObject({ current: 0, previous: 1, unreadable: 0 });
  expect(await doctor(NEW, OLD)).toMatchObject({ status: 'warning', message: expect.stringContaining('12 monitors') });

  // It waits for a row that somebody else holds, and is killed there.
  const [stuck] = await state.db.query<{ id: string }>('SELECT id FROM stored_monitors ORDER BY id OFFSET $1 LIMIT 1', [
    STUCK,
  ]);
  const holder = new pg.Client({ connectionString: state.url });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM stored_monitors WHERE id = $1 FOR UPDATE', [stuck?.id]);
  const rotation = api(second, 'POST', '/api/v1/secrets/rotate').catch(() => 'cut off');
  while ((await underNew()).length < STUCK) await pause(20);
  const dead = once(second.child, 'exit');
  second.child.kill('SIGKILL');
  await dead;
  expect(await rotation).toBe('cut off');
  // The statement that it had sent must not go through after all.
  await state.db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
  await holder.query('ROLLBACK');
  await holder.end();
  expect(await underNew()).toHaveLength(STUCK);

  const third = await start(NEW, OLD);
  expect(await names(third)).toEqual(written);
  const { parts } = await api<SecretRotation>(third, 'POST', '/api/v1/secrets/rotate');
  expect(parts).toContainEqual({ name: 'monitors', rotated: MONITORS - STUCK, unreadable: 0 });
  expect(parts).toContainEqual({ name: 'second factors', rotated: 1, unreadable: 0 });
  const { items } = await api<{ items: { action: string; detail: object }[] }>(
    third,
    'GET',
    '/api/v1/audit?action=secrets.',
  );
  expect(items).toMatchObject([{ action: 'secrets.rotate', detail: { monitors: { rotated: MONITORS - STUCK } } }]);
  expect(await doctor(NEW, OLD)).toMatchObject({ status: 'ok' });
  await third.stop();

  // The old key is taken away: all that is stored opens, codes fit, and pseudonyms are those of before.
  const last = await start(NEW);
  expect(await names(last)).toEqual(written);
  const report = await api<SecretsReport>(last, 'GET', '/api/v1/secrets');
  expect(report.parts.every(({ previous, unreadable }) => previous + unreadable === 0)).toBe(true);
  expect(await browser.who(last)).toBeUndefined();
  await browser.signIn(last, totpURI);
  expect(await browser.who(last)).toBe(EMAIL);
  const [kept] = await state.db.query<{ secret: Buffer }>(
    "SELECT secret FROM installation_secrets WHERE name = 'accounts'",
  );
  const seal = createSeal({ current: NEW, previous: [] }, 'installation');
  expect(seal.open(kept?.secret as Buffer, 'accounts')).toBe(pseudonymKey(OLD));
});
