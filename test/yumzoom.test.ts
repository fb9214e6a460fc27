import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildExample } from '../scripts/lib/build-steps.mjs';

/** YumZoom alone, with a listener in the place of YumOps. */

const root = join(import.meta.dirname, '..');
const SECRET = 'yumzoom-test-cron-secret';
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

type Line = Record<string, unknown> & { type?: string; event?: string };

const data = mkdtempSync(join(tmpdir(), 'yumzoom-'));
const lines: Line[] = [];
let sink: Server;
/** How the listener in the place of YumOps behaves. */
let mode: 'takes' | 'refuses' | 'hangs' | 'breaks' = 'takes';
let runner: ChildProcess;
let site: string;

async function listen(): Promise<void> {
  sink = createServer(async (request, response) => {
    if (mode === 'hangs') return;
    if (mode === 'breaks') return void request.socket.destroy();
    if (mode === 'refuses') return void response.writeHead(500).end();
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    const received = text.split('\n').filter(Boolean);
    lines.push(...received.map((line) => JSON.parse(line) as Line));
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ accepted: received.length, rejected: [] }));
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
}

function settings(rate: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PORT: '0',
    YUMZOOM_DATA: data,
    YUMZOOM_RATE: String(rate),
    YUMOPS_URL: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
    YUMOPS_KEY: '0123456789abcdef0123456789abcdef',
    CRON_SECRET: SECRET,
  };
}

/** The site's address, once the runner has printed it. */
function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    const { stdout } = child;
    if (!stdout) throw new Error('the runner has no output');
    createInterface({ input: stdout }).on('line', (line) => {
      seen.push(line);
      const url = /^yumzoom ready: (\S+)$/.exec(line)?.[1];
      if (url) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the runner ended with ${code}: ${seen.join('\n')}`)));
  });
}

/** Asks again until the answer is there, at most `seconds`. */
async function eventually<T>(seconds: number, what: string, ask: () => T | undefined | Promise<T | undefined>) {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Not within ${seconds} s: ${what}`);
}

const isRequest = (line: Line) =>
  (line.type === 'request' || line.type === 'performance') && line.endpoint !== undefined;

const heard = (what: string, matches: (line: Line) => boolean) => eventually(60, what, () => lines.find(matches));

const get = (path: string, init: RequestInit = {}) => fetch(site + path, { redirect: 'manual', ...init });

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  get(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

async function signIn(guest: number): Promise<{ cookie: string }> {
  const answer = await post('/api/session', { email: `guest${guest}@yumzoom.example`, password: 'yumzoom-guest' });
  expect(answer.status).toBe(200);
  return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
}

/** Runs `work` while a fault is on. */
async function during(fault: string, work: () => Promise<void>): Promise<void> {
  const flip = async (on: boolean) => expect((await post('/api/ops/faults', { fault, on })).status).toBe(200);
  await flip(true);
  try {
    await work();
  } finally {
    await flip(false);
  }
}

/** Megabytes, as the health report tells them. */
async function heapUsed(): Promise<number> {
  const report = (await (await get('/api/health/detailed')).json()) as {
    checks: { memory: { details: { heapUsed: string } } };
  };
  return Number.parseInt(report.checks.memory.details.heapUsed, 10);
}

/** Numbers of the living processes that descend from one. */
function descendants(pid: number): number[] {
  const table = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = table.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has no command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

beforeAll(async () => {
  // The embedded Postgres may run as another user, who must be able to come in.
  chmodSync(data, 0o755);
  await buildExample();
  await listen();
  runner = spawn(process.execPath, [join(root, 'examples/yumzoom/scripts/start.mjs')], {
    env: settings(15),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  site = await ready(runner);
}, 120_000);

afterAll(async () => {
  if (runner?.exitCode === null) {
    runner.kill('SIGTERM');
    await new Promise((resolve) => runner.once('exit', resolve));
  }
  sink?.close();
  // The key of its backups lies beside its data.
  for (const path of [data, `${data}-backup.key`]) rmSync(path, { recursive: true, force: true });
});

describe('pages', () => {
  test.each([
    ['/', 200, 'YumZoom'],
    ['/restaurants', 200, 'Restaurants'],
    ['/restaurants?city=Lisbon&cuisine=Italian&page=2', 200, 'Italian in Lisbon'],
    ['/restaurants/12', 200, 'What guests say'],
    ['/restaurants/999999', 404, 'No table here'],
    ['/restaurants/golden', 404, 'No table here'],
    ['/search?query=golden+fox', 200, 'Golden Fox'],
    ['/search', 200, 'Type a dish'],
    ['/nearby?address=12+Dean+Street,+London&distance=3', 200, ' km'],
    ['/nearby?address=Atlantis', 200, 'Nobody serves food near'],
    ['/sign-in', 200, 'Welcome back'],
    ['/join', 200, 'Join YumZoom'],
    ['/ops/faults', 200, 'Break something'],
    ['/nowhere', 404, 'not on the menu'],
  ])('%s answers %i and shows "%s"', async (path, status, text) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(text);
  });

  test.each(['/dashboard', '/account'])('%s sends the signed-out away with 302', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(302);
    expect(new URL(answer.headers.get('location') ?? '', site).pathname).toBe('/sign-in');
  });
});

describe('endpoints', () => {
  test.each([
    ['/api/restaurants/search?query=test', 200, { query: 'test', restaurants: [] }],
    ['/api/restaurants/search', 400, { error: { code: 'bad_field' } }],
    ['/api/restaurants/nearby?lat=91&lng=0', 400, { error: { code: 'bad_field' } }],
    ['/api/restaurants/nearby?lat=40.7128&lng=-74.006&limit=1', 200, { restaurants: [{ city: 'New York' }] }],
    ['/api/health', 200, { status: 'healthy' }],
    ['/photos/nothing', 404, { error: { code: 'no_photo' } }],
  ])('%s answers %i', async (path, status, body) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject(body);
  });

  test('the detailed health report names every check', async () => {
    const answer = await get('/api/health/detailed');
    const report = (await answer.json()) as { checks: Record<string, unknown> };
    expect(Object.keys(report.checks)).toEqual(
      expect.arrayContaining(['database', 'external-apis', 'filesystem', 'memory', 'cpu']),
    );
    expect(answer.headers.get('x-health-check')).toMatch(/healthy|degraded/);
  });

  test.each(['maintenance', 'backup', 'analytics'])('/api/cron/%s needs the secret', async (job) => {
    expect((await get(`/api/cron/${job}`)).status).toBe(401);
    expect((await get(`/api/cron/${job}`, { headers: { authorization: `Bearer ${SECRET}x` } })).status).toBe(401);
  });

  test('the maintenance job removes what has expired, and a second call for one minute does nothing', async () => {
    const authorization = { headers: { authorization: `Bearer ${SECRET}` } };
    const first = (await (await get('/api/cron/maintenance', authorization)).json()) as { removed: object };
    expect(first).toMatchObject({ statistics: 'updated', violations: [] });
    expect(Object.values(first.removed).some((rows) => rows > 0)).toBe(true);
    const second = await get('/api/cron/maintenance', authorization);
    // Or it finds nothing, where the minute has turned between the two.
    expect([{ skipped: 'already_ran' }, { ...first, removed: NOTHING }]).toContainEqual(await second.json());
  });

  test('the analytics job rolls yesterday up, and no job claims a backup that was not made', async () => {
    const authorization = { headers: { authorization: `Bearer ${SECRET}` } };
    const analytics = (await (await get('/api/cron/analytics', authorization)).json()) as { activities: unknown[] };
    expect(analytics.activities.length).toBeGreaterThan(0);
    expect((await get('/api/cron/backup', authorization)).status).toBe(501);
  });
});

const NOTHING = { user_sessions: 0, user_activity: 0, temporary_uploads: 0 };

describe('guests', () => {
  test('a wrong password is refused and becomes a security event with the address of the client', async () => {
    const body = { email: 'guest2@yumzoom.example', password: 'wrong' };
    expect((await post('/api/session', body, { 'x-forwarded-for': '192.0.2.200' })).status).toBe(401);
    const event = await heard('the failed sign-in', (line) => line.ip === '192.0.2.200' && line.type === 'security');
    expect(event).toMatchObject({ event: 'failed_authentication', severity: 'medium', reason: 'bad_password' });
    expect(JSON.stringify(event)).not.toContain('"wrong"');
  });

  test('an unknown address gets the same answer as a wrong password', async () => {
    const unknown = await post('/api/session', { email: 'nobody@yumzoom.example', password: 'wrong' });
    const known = await post('/api/session', { email: 'guest2@yumzoom.example', password: 'wrong' });
    expect([unknown.status, await unknown.json()]).toEqual([known.status, await known.json()]);
  });

  test('a signed-in guest rates, orders, and attaches a photo', async () => {
    const headers = await signIn(1);
    expect(await (await get('/dashboard', { headers })).text()).toContain('Hello');

    expect((await post('/api/ratings', { restaurantId: 12, score: 5, comment: 'So good.' }, headers)).status).toBe(201);
    const page = await (await get('/restaurants/12', { headers })).text();
    expect(page).toContain('So good.');
    await heard('the rating', (line) => line.event === 'restaurant_rating' && line.userId === '1');

    const menuItemId = Number(/name="menuItemId" value="(\d+)"/.exec(page)?.[1]);
    expect((await post('/api/orders', { menuItemId, quantity: 2 }, headers)).status).toBe(201);
    await heard('the order', (line) => line.event === 'order_placed' && line.userId === '1');

    const form = new FormData();
    form.set('photo', new File([PIXEL], 'photo.png', { type: 'image/png' }));
    const sent = await get('/api/photos', { method: 'POST', headers, body: form });
    expect(sent.status).toBe(201);
    const { uploadId } = (await sent.json()) as { uploadId: string };
    expect((await get(`/photos/${uploadId}`)).status).toBe(404);
    expect((await post('/api/photos/attach', { uploadId, restaurantId: 12 }, headers)).status).toBe(201);
    const photo = await get(`/photos/${uploadId}`);
    expect(Buffer.from(await photo.arrayBuffer())).toEqual(PIXEL);
    expect(readdirSync(join(data, 'uploads'))).toContain(`${uploadId}.png`);

    expect((await post('/api/session/end', {}, headers)).status).toBe(303);
    expect((await post('/api/ratings', { restaurantId: 12, score: 5 }, headers)).status).toBe(401);
  });

  test('what is not a photo is refused, whatever it is called', async () => {
    const headers = await signIn(2);
    const form = new FormData();
    form.set('photo', new File(['<svg/>'], 'photo.png', { type: 'image/png' }));
    expect((await get('/api/photos', { method: 'POST', headers, body: form })).status).toBe(415);
  });

  test('a form of another site is refused', async () => {
    const headers = { ...(await signIn(2)), origin: 'https://evil.example' };
    expect((await post('/api/ratings', { restaurantId: 12, score: 1 }, headers)).status).toBe(403);
  });

  test.each([
    ['/api/ratings', { restaurantId: 12, score: 6 }, 400],
    ['/api/ratings', { restaurantId: 2_000_000_000, score: 3 }, 404],
    ['/api/orders', { menuItemId: 1, quantity: 0 }, 400],
    ['/api/ratings', [], 400],
  ])('%s refuses %j with %i', async (path, body, status) => {
    expect((await post(path, body, await signIn(3))).status).toBe(status);
  });
});

describe('telemetry of the traffic', () => {
  test('requests come with their route template, business events by name', async () => {
    const request = await heard('a request', (line) => isRequest(line) && line.endpoint === '/restaurants/[id]');
    expect(request).toMatchObject({ method: 'GET', service: 'yumzoom', statusCode: expect.any(Number) });
  });

  test('outbound calls name the provider', async () => {
    const call = await heard(
      'a call of the map',
      (line) => line.type === 'outbound' && line.provider === 'google-maps',
    );
    expect(call).toMatchObject({ failed: false, statusCode: 200 });
    expect(JSON.stringify(lines)).not.toContain('Bearer');
  });
});

describe('faults', () => {
  test('an unknown fault is refused', async () => {
    expect((await post('/api/ops/faults', { fault: 'plague', on: true })).status).toBe(400);
  });

  test('error_burst fails at least 60 % of all requests, and health stays honest', async () => {
    await during('error_burst', async () => {
      const since = Date.now();
      // A busy machine has many under way that began before.
      const beganDuring = (line: Line) => Date.parse(String(line.timestamp)) - Number(line.duration) > since;
      const requests = await eventually(60, '60 requests during the burst', () => {
        const seen = lines.filter((line) => isRequest(line) && beganDuring(line));
        return seen.length >= 60 ? seen : undefined;
      });
      expect((await get('/api/health')).status).toBe(200);
      const failed = requests.filter((line) => Number(line.statusCode) === 500);
      expect(failed.length / requests.length).toBeGreaterThan(0.6);
    });
    expect((await get('/restaurants')).status).toBe(200);
  });

  test('slow_query makes a search slow', () =>
    during('slow_query', async () => {
      const began = performance.now();
      expect((await get('/api/restaurants/search?query=fox')).status).toBe(200);
      expect(performance.now() - began).toBeGreaterThan(2_400);
    }));

  test('dependency_down fails orders and degrades, but does not stop the site', async () => {
    const headers = await signIn(4);
    await during('dependency_down', async () => {
      expect((await post('/api/orders', { menuItemId: 1, quantity: 1 }, headers)).status).toBe(502);
      expect((await get('/nearby?address=Berlin')).status).toBe(200);
      expect((await get('/api/health')).status).toBe(200);
      const report = await eventually(60, 'a degraded report', async () => {
        const answer = await get('/api/health/detailed');
        return answer.status === 202 ? ((await answer.json()) as { checks: Record<string, object> }) : undefined;
      });
      expect(report.checks['external-apis']).toMatchObject({ status: 'degraded' });
      await heard('a failed call', (line) => line.type === 'outbound' && line.failed === true);
    });
  });

  test('brute_force comes from documentation addresses', () =>
    during('brute_force', async () => {
      const guess = (line: Line) => line.event === 'failed_authentication' && /^203\.0\.113\./.test(String(line.ip));
      await heard('a guess', guess);
    }));

  test('memory_leak grows', () =>
    during('memory_leak', async () => {
      const before = await heapUsed();
      await eventually(60, '25 MB more', async () => ((await heapUsed()) > before + 25 ? true : undefined));
    }));
});

describe('a visitor with a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  /** What beacons of a visit told. */
  const told = (session: string) =>
    lines.filter((line) => line['sessionId'] === session).flatMap((line) => (line['events'] ?? []) as Line[]);

  async function visit(path: string) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(site + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return { context, page, faults };
  }

  test('the five vitals, a slow call and an error arrive although the page closes at once', () =>
    during('slow_query', async () => {
      const { context, page } = await visit('/restaurants/12');
      await page.getByRole('heading', { level: 1 }).click();
      await page.evaluate(async () => {
        await (await fetch('/api/restaurants/search?query=fox')).text();
        setTimeout(() => {
          throw new TypeError('the menu is undefined');
        });
      });
      await page.waitForFunction('sessionStorage.length > 0');
      const session = await page.evaluate("sessionStorage.getItem('yumops.session')?.split('.')[0]");
      await page.close({ runBeforeUnload: true });
      const events = await eventually(60, 'all that the page saw', () => {
        const all = told(String(session));
        const vitals = new Set(all.filter(({ kind }) => kind === 'vital').map(({ name }) => name));
        const whole =
          vitals.size === 5 && ['error', 'api_response_time'].every((kind) => all.some((one) => one.kind === kind));
        return whole ? all : undefined;
      });
      const call = events.find(({ kind }) => kind === 'api_response_time');
      expect(call).toMatchObject({ method: 'GET', statusCode: 200, success: true, route: '/restaurants/[id]' });
      expect(Number(call?.duration)).toBeGreaterThan(2_400);
      expect(events.find(({ kind }) => kind === 'error')).toMatchObject({
        type: 'TypeError',
        message: 'the menu is undefined',
      });
      await context.close();
    }));

  test.each(['breaks', 'hangs', 'refuses'] as const)('the site works on while YumOps %s', async (behaviour) => {
    mode = behaviour;
    const { context, page, faults } = await visit('/');
    await page.goto(`${site}/restaurants/12`);
    await page.getByText('What guests say').waitFor();
    const status = await page.evaluate(async () => (await fetch('/api/restaurants/search?query=fox')).status);
    await page.goto(`${site}/search?query=golden+fox`);
    await page.getByText('Golden Fox').first().waitFor();
    expect([status, faults]).toEqual([200, []]);
    mode = 'takes';
    await context.close();
  });
});

describe('the end', () => {
  test('SIGTERM stops everything', async () => {
    const family = descendants(runner.pid ?? 0);
    expect(family.length).toBeGreaterThan(2);
    runner.kill('SIGTERM');
    const code = await new Promise((resolve) => runner.once('exit', resolve));
    expect(code).toBe(0);
    expect(family.filter(isAlive)).toEqual([]);
  });

  test('whoever started it may be killed: nothing is left', async () => {
    const script = join(root, 'examples/yumzoom/scripts/start.mjs');
    const program = `require('node:child_process').spawn(process.execPath, [process.argv[1]], { stdio: 'inherit' })`;
    const parent = spawn(process.execPath, ['-e', program, script], {
      env: settings(0),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await ready(parent);
    const family = descendants(parent.pid ?? 0);
    parent.kill('SIGKILL');
    await eventually(60, 'the end of all', () => (family.some(isAlive) ? undefined : true));
  });
});
