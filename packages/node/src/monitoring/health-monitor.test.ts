// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` in a header names an environment variable
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CpuMeter } from '../runtime/cpu.ts';
import { EventLoopMeter } from '../runtime/event-loop.ts';
import { runInScope } from '../runtime/scope.ts';
import type { PgClient, PgPool } from './checks/database.ts';
import type { RedisClient } from './checks/redis.ts';
import { health } from './health.ts';
import type { CheckDefinition } from './health-check.ts';
import type { HealthEndpoint } from './health-endpoint.ts';
import { HealthMonitor } from './health-monitor.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function api(answer: (path: string, headers: Record<string, unknown>) => number | 'hang'): Promise<string> {
  const server = createServer((request, response) => {
    const status = answer(request.url ?? '', request.headers);
    if (status !== 'hang') {
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end('body');
    }
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function pool(behaviour: (text: string) => Promise<unknown>): PgPool & { queries: string[]; released: unknown[] } {
  const queries: string[] = [];
  const released: unknown[] = [];
  const client: PgClient = {
    query(text) {
      queries.push(text);
      return behaviour(text);
    },
    release: (destroy) => void released.push(destroy),
  };
  return { queries, released, totalCount: 3, idleCount: 2, waitingCount: 0, connect: async () => client };
}

function redis(overrides: Partial<RedisClient> = {}): RedisClient {
  const store = new Map<string, string>();
  return {
    ping: async () => 'PONG',
    set: async (key, value) => void store.set(key, value),
    get: async (key) => store.get(key),
    del: async (key) => Number(store.delete(key)),
    info: async () => '# Memory\r\nused_memory:100\r\nused_memory_human:1.05M\r\n',
    ...overrides,
  };
}

const find = async (monitor: HealthMonitor, name: string) =>
  (await monitor.performHealthChecks()).find((check) => check.name === name);
/** Time stands still but for what a test lets pass. @returns lets milliseconds pass */
function standingClock(): (ms: number) => void {
  let at = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => at);
  return (ms) => {
    at += ms;
  };
}
const only = (check: CheckDefinition) => new HealthMonitor({ filesystem: false, checks: [check] });

describe('running checks', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      'broken',
    ],
    ['rejects', () => Promise.reject(new Error('refused')), 'refused'],
    [
      'throws a text',
      () => {
        throw 'just text';
      },
      'just text',
    ],
    [
      'throws null',
      () => {
        throw null;
      },
      'null',
    ],
    ['hangs', () => new Promise<void>(() => {}), 'no result within 60 ms'],
    ...[null, 'PONG', 1, { rows: [] }].map((given): [string, () => never, string] => [
      `answers ${JSON.stringify(given)}`,
      () => given as never,
      'the check must answer true, false, a status or nothing',
    ]),
    [
      'tells a secret',
      () => {
        throw new Error('postgres://app:hunter22@db/x unreachable');
      },
      '[host] unreachable',
    ],
  ])('a check that %s is its own unhealthy entry', async (_name, run, error) => {
    const monitor = new HealthMonitor({ checks: [{ name: 'bad', run, timeout: 60 }] }).addCheck('good', () => true);
    const checks = await monitor.performHealthChecks();
    expect(checks.map((check) => check.name)).toEqual(['filesystem', 'memory', 'cpu', 'event-loop', 'bad', 'good']);
    expect(checks.find((check) => check.name === 'bad')).toEqual({
      name: 'bad',
      status: 'unhealthy',
      responseTime: expect.any(Number),
      details: { error },
      lastChecked: expect.any(Date),
    });
    expect(checks.find((check) => check.name === 'good')?.status).toBe('healthy');
  });

  it('aborts a check at its limit', async () => {
    let reason: unknown;
    const monitor = only({
      name: 'slow',
      timeout: 30,
      run: (signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(signal.reason);
          }),
        ),
    });
    expect((await find(monitor, 'slow'))?.status).toBe('unhealthy');
    expect(String(reason)).toContain('no result within 30 ms');
  });

  it('runs all side by side', async () => {
    const monitor = new HealthMonitor({ filesystem: false });
    let begun = 0;
    let end = () => {};
    const last = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (let i = 0; i < 10; i++) {
      // None ends before the last has begun.
      monitor.addCheck(`c${i}`, () => {
        if (++begun === 10) end();
        return last;
      });
    }
    await monitor.performHealthChecks();
    for (let i = 0; i < 10; i++) expect((await find(monitor, `c${i}`))?.status).toBe('healthy');
  });

  it('runs a check once for callers at the same time, keeps the result, and looks again afterwards', async () => {
    const pass = standingClock();
    const run = vi.fn(() => sleep(20));
    const monitor = new HealthMonitor({ filesystem: false, ttl: 600, jitter: 0, checks: [{ name: 'counted', run }] });
    await Promise.all([find(monitor, 'counted'), find(monitor, 'counted'), find(monitor, 'counted')]);
    pass(599);
    await find(monitor, 'counted');
    expect(run).toHaveBeenCalledTimes(1);
    pass(1);
    await find(monitor, 'counted');
    expect(run).toHaveBeenCalledTimes(2);
  });

  it.each([
    [undefined, 'healthy'],
    [true, 'healthy'],
    [false, 'unhealthy'],
    ['degraded', 'degraded'],
    [{ status: 'degraded', details: { a: 1 } }, 'degraded'],
  ] as const)('reads the outcome %j as %s', async (outcome, status) => {
    expect((await find(only({ name: 'x', run: () => outcome }), 'x'))?.status).toBe(status);
  });
});

describe('database', () => {
  it('connects, writes its row, runs the query and gives the connection back', async () => {
    const database = pool(async () => undefined);
    const monitor = new HealthMonitor({
      database: { pool: database, query: { text: 'select * from nearby($1)', values: [1] } },
    });
    expect(await find(monitor, 'database')).toMatchObject({
      status: 'healthy',
      details: { connectionPool: { total: 3, idle: 2, waiting: 0 }, queryPerformance: 'good' },
    });
    expect(database.queries).toEqual([
      expect.stringContaining('insert into "health_check"'),
      'select * from nearby($1)',
    ]);
    expect(database.released).toEqual([false]);
  });

  it('is degraded when it is slow, unhealthy when slower', async () => {
    const pass = standingClock();
    const slow = (ms: number) =>
      find(new HealthMonitor({ database: { pool: pool(async () => pass(ms)), table: false } }), 'database');
    expect(await slow(550)).toMatchObject({ status: 'degraded', details: { queryPerformance: 'slow' } });
    expect(await slow(1050)).toMatchObject({ status: 'unhealthy' });
  });

  it('throws a connection away whose query hangs', async () => {
    const database = pool(() => new Promise(() => {}));
    expect(await find(new HealthMonitor({ database: { pool: database, timeout: 40 } }), 'database')).toMatchObject({
      status: 'unhealthy',
      details: { error: 'no result within 40 ms' },
    });
    expect(database.released).toEqual([true]);
  });

  it('gives a connection back that comes after the time limit', async () => {
    const database = pool(async () => undefined);
    const late: PgPool = { connect: () => sleep(80).then(() => database.connect()) };
    await find(new HealthMonitor({ database: { pool: late, timeout: 20 } }), 'database');
    await vi.waitFor(() => expect(database.released).toHaveLength(1), 25_000);
    expect(database.queries).toEqual([]);
  });
});

describe('redis', () => {
  it('writes, reads and deletes a key of its own', async () => {
    expect(await find(new HealthMonitor({ redis: redis() }), 'redis')).toMatchObject({
      status: 'healthy',
      details: { memoryUsage: '1.05M', operations: 'read/write successful' },
    });
  });

  it.each([
    [
      'loses the value',
      { get: async () => null },
      { status: 'unhealthy', details: { error: 'the value read is not the value written' } },
    ],
    ['is away', { ping: async () => Promise.reject(new Error('connect ECONNREFUSED')) }, { status: 'unhealthy' }],
    ['is slow', { ping: () => sleep(150) }, { status: 'degraded' }],
  ])('notices one that %s', async (_name, overrides, expected) => {
    expect(await find(new HealthMonitor({ redis: redis(overrides as Partial<RedisClient>) }), 'redis')).toMatchObject(
      expected,
    );
  });
});

describe('external APIs', () => {
  it('asks all side by side, with headers from the environment, and names neither URL nor key', async () => {
    vi.stubEnv('PAYMENTS_KEY', 'sk_live_very_secret');
    const seen: unknown[] = [];
    const url = await api((path, headers) => {
      seen.push(headers['authorization']);
      return path === '/hang' ? 'hang' : path === '/auth' ? 401 : path === '/moved' ? 302 : 503;
    });
    const monitor = new HealthMonitor({
      externalApis: [
        {
          name: 'payments',
          url: `${url}/auth`,
          headers: { authorization: 'Bearer ${PAYMENTS_KEY}' },
          acceptedStatuses: [200, 401],
        },
        { name: 'mail', url: `${url}/down` },
        { name: 'moved', url: `${url}/moved` },
        { name: 'maps', url: `${url}/hang`, timeout: 50 },
        { name: 'unset', url, headers: { authorization: 'Bearer ${NOT_SET_ANYWHERE}' } },
        { name: 'gone', url: 'http://127.0.0.1:9/' },
      ],
    });
    const check = await find(monitor, 'external-apis');
    expect(check).toMatchObject({
      status: 'degraded',
      details: {
        apiChecks: [
          { name: 'payments', status: true, statusCode: 401 },
          { name: 'mail', status: false, statusCode: 503, reason: 'status 503' },
          { name: 'moved', status: true, statusCode: 302 },
          { name: 'maps', status: false, reason: 'timeout' },
          { name: 'unset', status: false, reason: 'NOT_SET_ANYWHERE is not set' },
          { name: 'gone', status: false, reason: 'network error' },
        ],
      },
    });
    expect(seen).toContain('Bearer sk_live_very_secret');
    expect(JSON.stringify(check)).not.toMatch(/sk_live|127\.0\.0\.1/);
    vi.unstubAllEnvs();
  });
});

describe('this process', () => {
  it('reports file system, memory, CPU and event loop', async () => {
    const checks = await new HealthMonitor().performHealthChecks();
    const byName = Object.fromEntries(checks.map((check) => [check.name, check.details]));
    expect(byName['filesystem']).toMatchObject({ writeable: true, freePercent: expect.any(Number) });
    expect(byName['memory']).toMatchObject({
      usagePercent: expect.stringMatching(/^\d+\.\d%$/),
      heapLimitPercent: expect.any(String),
    });
    expect(byName['cpu']).toMatchObject({
      percentPerCore: expect.stringMatching(/%$/),
      overSeconds: expect.any(Number),
    });
    expect(byName['event-loop']).toMatchObject({ delayP99: expect.stringMatching(/ms$/) });
  });

  it('notices a folder that cannot be written', async () => {
    const monitor = new HealthMonitor({ filesystem: { directory: join(tmpdir(), 'no', 'such', 'folder') } });
    expect(await find(monitor, 'filesystem')).toMatchObject({ status: 'unhealthy' });
    expect(await find(new HealthMonitor({ filesystem: { freePercent: [101, 0] } }), 'filesystem')).toMatchObject({
      status: 'degraded',
    });
  });
});

describe('handlers', () => {
  // On a busy machine this process is degraded by itself; here the status is that of the check that a test plants.
  beforeEach(() => {
    vi.spyOn(CpuMeter.prototype, 'read').mockReturnValue(5);
    vi.spyOn(EventLoopMeter.prototype, 'read').mockReturnValue({ delayP99: 1, utilization: 0.1 });
  });
  afterEach(() => vi.restoreAllMocks());

  const monitor = (status: 'healthy' | 'degraded' | 'unhealthy', critical = false) =>
    new HealthMonitor({ filesystem: false, checks: [{ name: 'x', run: () => status, critical }] });
  const authorized = new Request('http://x.test/', { headers: { authorization: 'Bearer let-me-in' } });
  const options = { token: 'let-me-in' };
  const of = (watched: HealthMonitor) => health({ ...options, monitor: watched });

  it.each([
    ['healthy', true, 200],
    ['degraded', true, 200],
    ['unhealthy', false, 200],
    ['unhealthy', true, 503],
  ] as const)('/api/health with a check %s, critical %s: %i', async (status, critical, code) => {
    const response = await health({ monitor: monitor(status, critical) }).status();
    expect(response.status).toBe(code);
    expect(await response.json()).toEqual({ status: code === 200 ? 'healthy' : 'unhealthy' });
    expect(response.headers.get('cache-control')).toContain('no-store');
  });

  it.each([
    ['healthy', 200],
    ['degraded', 202],
    ['unhealthy', 503],
  ] as const)('/api/health/detailed %s: %i in the guide’s shape', async (status, code) => {
    const response = await of(monitor(status)).detailed(authorized);
    expect(response.status).toBe(code);
    expect(response.headers.get('x-health-check')).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate');
    expect(await response.json()).toEqual({
      status,
      timestamp: expect.any(String),
      checks: expect.objectContaining({
        x: { status, responseTime: expect.any(Number), lastChecked: expect.any(String) },
      }),
      version: expect.any(String),
      environment: expect.any(String),
      uptime: expect.any(Number),
    });
  });

  it.each([
    ['no token', new Request('http://x.test/')],
    ['a wrong token', new Request('http://x.test/', { headers: { authorization: 'Bearer guess' } })],
    ['another scheme', new Request('http://x.test/', { headers: { authorization: 'Basic let-me-in' } })],
    [
      'a spoofed address',
      new Request('http://x.test/', { headers: { 'x-forwarded-for': '127.0.0.1', 'x-yumops-peer': '127.0.0.1' } }),
    ],
    ['no request', undefined],
  ])('details stay closed to %s', async (_name, request) => {
    const open = health({ monitor: monitor('healthy') });
    for (const endpoint of [of(monitor('healthy')).detailed, open.detailed]) {
      const response = await endpoint(request);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain('checks');
    }
    expect(await (await open.healthz(request)).json()).toEqual({ status: 'pass' });
  });

  it.each([
    ['127.0.0.1', false, 200],
    ['::ffff:10.1.2.3', false, 200],
    ['fd00::1', false, 200],
    ['203.0.113.9', false, 401],
    ['10.1.2.3', true, 401],
  ])('a connection from %s, forwarded %s: %i', async (peer, forwarded, status) => {
    const scope = { fields: {}, request: { route: undefined, peer, forwarded }, written: undefined };
    const response = await runInScope(scope, () => of(monitor('healthy')).detailed(new Request('http://x.test/')));
    expect(response.status).toBe(status);
  });

  it.each([
    ['healthy', false, 200, 'pass', 'pass'],
    ['degraded', true, 200, 'warn', 'warn'],
    ['unhealthy', false, 200, 'warn', 'fail'],
    ['unhealthy', true, 503, 'fail', 'fail'],
  ] as const)('application/health+json %s, critical %s: %i %s', async (status, critical, code, whole, own) => {
    const response = await of(monitor(status, critical)).healthz(authorized);
    expect([response.status, response.headers.get('content-type')]).toEqual([code, 'application/health+json']);
    expect(await response.json()).toMatchObject({
      status: whole,
      serviceId: expect.any(String),
      checks: {
        'x:responseTime': [
          {
            status: own,
            observedUnit: 'ms',
            observedValue: expect.any(Number),
            componentType: 'component',
            time: expect.any(String),
          },
        ],
        'event-loop:delayP99': [{ componentType: 'system', observedUnit: 'ms', observedValue: 1 }],
        'memory:rssOfLimit': [{ observedUnit: 'percent' }],
      },
    });
  });

  it('liveness asks nothing, readiness asks the critical checks', async () => {
    expect((await health().livez()).status).toBe(200);
    expect((await of(monitor('unhealthy', false)).readyz()).status).toBe(200);
    expect((await of(monitor('unhealthy', true)).readyz()).status).toBe(503);
  });

  it('startup fails until all critical checks have passed once, and the application says so', async () => {
    let status: 'healthy' | 'unhealthy' = 'unhealthy';
    const watched = new HealthMonitor({ ttl: 0, checks: [{ name: 'x', run: () => status, critical: true }] });
    const { startupz, started } = health({ monitor: watched, waitForStarted: true });
    const codes = [(await startupz()).status];
    status = 'healthy';
    codes.push((await startupz()).status);
    started();
    codes.push((await startupz()).status);
    status = 'unhealthy';
    codes.push((await startupz()).status);
    expect(codes).toEqual([503, 503, 200, 200]);
  });

  const asking = (query: string) => new Request(`http://x.test/${query}`, { headers: authorized.headers });
  const watched = () =>
    new HealthMonitor({
      filesystem: false,
      checks: [
        { name: 'db', run: () => false, critical: true },
        { name: 'cache', run: () => Promise.reject(new Error('connect to cache.internal:6379 failed')) },
        { name: 'mail', run: () => 'degraded' },
      ],
    });

  it('lists checks as Kubernetes does, and leaves out what is named', async () => {
    const { readyz, healthz } = of(watched());
    const own = ['[+]memory ok', '[+]cpu ok', '[+]event-loop ok'];
    const last = ['[-]cache failed: connect to [host] failed', '[!]mail degraded'];
    const lines = async (answer: Promise<Response>) => (await (await answer).text()).trimEnd().split('\n');
    expect(await lines(readyz(asking('?verbose')))).toEqual([
      ...['[+]shutdown ok', ...own, '[-]db failed', ...last, 'readyz check failed'],
    ]);
    expect(await lines(healthz(asking('?verbose&exclude=db&exclude=nothing')))).toEqual([
      ...own,
      ...last,
      '[ ]db left out',
      'warn: no check is called "nothing", so none was left out',
      'healthz check passed',
    ]);
    const without = await readyz(asking('?exclude=db,cache'));
    expect([without.status, await without.text()]).toEqual([200, 'ok without 2 of the checks\n']);
    expect(await (await healthz(asking('?exclude=db,nothing'))).json()).toMatchObject({ notes: ['db was left out'] });
  });

  it('keeps each check to one line of the list', async () => {
    const checks = [{ name: 'a\n[+]b ok', run: () => Promise.reject(new Error('x\r\nreadyz check passed')) }];
    const { readyz } = of(new HealthMonitor({ filesystem: false, checks }));
    const list = await (await readyz(asking('?verbose'))).text();
    expect(
      list
        .trimEnd()
        .split(/[\r\n]/)
        .slice(-2),
    ).toEqual(['[-]a [+]b ok failed: x readyz check passed', 'readyz check passed']);
  });

  it('tells nobody else more than the status', async () => {
    const { livez, readyz, startupz, healthz, status } = of(watched());
    const anybody = (query: string) => new Request(`http://x.test/${query}`);
    const bodies = [livez, readyz, startupz, healthz, status].map(async (endpoint: HealthEndpoint) =>
      (await endpoint(anybody('?verbose&exclude=db'))).text(),
    );
    expect(await Promise.all(bodies)).toEqual([
      ...['ok\n', 'not ready\n', 'starting\n', '{"status":"fail"}', '{"status":"unhealthy"}'],
    ]);
  });
});
