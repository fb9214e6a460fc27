import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { init } from '../errors/current.ts';
import { until } from '../testing/recording-server.ts';
import { LocalLock } from './lock.ts';
import type { CronLock, CronOptions } from './options.ts';
import { scheduledMinute } from './schedule.ts';
import { isAuthorized, wrap } from './wrap.ts';

interface CheckIn {
  check_in_id: string;
  status: string;
  duration?: number;
  monitor_config?: object;
}

const MINUTE = 60_000;
const AT_THREE = Date.UTC(2026, 10, 30, 3, 0, 12);

let checkIns: CheckIn[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const lines = text.split('\n');
      if (lines[1] === '{"type":"check_in"}') checkIns.push(JSON.parse(lines[2] as string) as CheckIn);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  init({ dsn: `http://key@127.0.0.1:${(server.address() as AddressInfo).port}/1` });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  checkIns = [];
});

const request = (token?: string) =>
  new Request(
    'http://shop.example/api/cron',
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );

describe('a call by request', () => {
  const secret = 'a-secret-of-16-characters';
  const job = (more: CronOptions = {}) => wrap('backup', async () => ({ rows: 3 }), { secret, ...more });

  it('runs the job with the secret, and is refused without it or with another', async () => {
    const handler = job();
    const answer = await handler(request(secret));
    expect([answer.status, await answer.json()]).toEqual([200, { rows: 3 }]);
    expect((await handler(request('another'))).status).toBe(401);
    expect((await handler(request())).status).toBe(401);
    expect((await job({ secret: '' })(request(''))).status).toBe(401);
    expect(checkIns).toHaveLength(2);
  });

  it.each([
    ['SvelteKit, Remix and Astro', (one: Request) => ({ request: one, params: {} })],
    ['Hono', (one: Request) => ({ req: { raw: one, header: () => undefined } })],
    ['headers of another realm', (one: Request) => ({ headers: { get: (name: string) => one.headers.get(name) } })],
  ])('needs the secret too as it comes from %s', async (_who, held) => {
    const handler = job() as (given: unknown) => Promise<Response>;
    expect((await handler(held(request()))).status).toBe(401);
    expect((await handler(held(request('another')))).status).toBe(401);
    expect(checkIns).toEqual([]);
    expect((await handler(held(request(secret)))).status).toBe(200);
  });

  it('is answered as the Pages API has it', async () => {
    const sent: [string, string][] = [];
    const response = {
      statusCode: 200,
      setHeader: (...header: [string, string]) => void sent.push(header),
      end: (body: string) => void sent.push(['body', body]),
    };
    await job()({ headers: { authorization: `Bearer ${secret}` } }, response);
    expect(sent).toEqual([
      ['content-type', 'application/json'],
      ['body', '{"rows":3}'],
    ]);
    await job()({ headers: {} }, response);
    expect(response.statusCode).toBe(401);
  });
});

it('tells a route that is no job whether the scheduler calls', () => {
  expect(isAuthorized(request('a-secret'), 'a-secret')).toBe(true);
  for (const token of ['another', undefined]) expect(isAuthorized(request(token), 'a-secret')).toBe(false);
  expect(isAuthorized(request(''), '')).toBe(false);
  expect(isAuthorized({}, 'a-secret')).toBe(false);
});

describe('a run', () => {
  it('is told of by two check-ins under one id, the first with the schedule', async () => {
    await wrap('nightly', async () => undefined, {
      schedule: '0 3 * * *',
      tz: 'Europe/London',
      margin: 5,
      maxRuntime: 20,
    })();
    expect(checkIns).toMatchObject([
      {
        status: 'in_progress',
        monitor_config: {
          ...{ schedule: { type: 'crontab', value: '0 3 * * *' }, timezone: 'Europe/London' },
          ...{ checkin_margin: 5, max_runtime: 20 },
        },
      },
      { status: 'ok', duration: expect.any(Number), check_in_id: checkIns[0]?.check_in_id },
    ]);
  });

  it('that fails is told of, and throws on', async () => {
    const failing = wrap('failing', () => Promise.reject(new Error('disk full')));
    await expect(failing()).rejects.toThrow('disk full');
    expect(checkIns.map(({ status }) => status)).toEqual(['in_progress', 'error']);
  });

  it('that answers with an error of the server has failed', async () => {
    await wrap('answering', async () => new Response('no', { status: 503 }))();
    expect(checkIns.at(-1)?.status).toBe('error');
  });

  it('that takes too long is aborted and has failed', async () => {
    let reason: unknown;
    const slow = wrap(
      'slow',
      ({ signal }) => new Promise<void>(() => signal.addEventListener('abort', () => (reason = signal.reason))),
      { maxRuntime: 0.001 },
    );
    await expect(slow()).rejects.toThrow(/ran for longer/);
    expect(reason).toBeInstanceOf(Error);
    expect(checkIns.at(-1)?.status).toBe('error');
  });

  it('happens once for a minute that the platform calls for twice, unless it failed', async () => {
    let now = AT_THREE;
    let fails = true;
    const ran: number[] = [];
    const keys = new Set<string>();
    const job = wrap(
      'twice',
      ({ scheduledAt, idempotencyKey }) => {
        ran.push(scheduledAt);
        keys.add(idempotencyKey);
        if (fails) throw new Error('not yet');
      },
      { schedule: '0 3 * * *', now: () => now },
    );
    await expect(job()).rejects.toThrow('not yet');
    fails = false;
    now += MINUTE;
    expect(await job()).toBeUndefined();
    now += MINUTE;
    expect(await job()).toEqual({ skipped: 'already_ran' });
    now += 24 * 60 * MINUTE;
    expect(await job()).toBeUndefined();
    const three = Date.UTC(2026, 10, 30, 3);
    expect(ran).toEqual([three, three, three + 24 * 60 * MINUTE]);
    expect([...keys]).toEqual(['twice:2026-11-30T03:00Z', 'twice:2026-12-01T03:00Z']);
  });
});

it.each([
  ['soon where the lock can be extended', (lock: CronLock) => lock, undefined],
  [
    'not where it cannot',
    (lock: CronLock): CronLock => ({
      acquire: (...given) => lock.acquire(...given),
      release: (key) => lock.release(key),
    }),
    { skipped: 'already_ran' },
  ],
])('a run that was killed may be called again %s', async (_when, lockOf, outcome) => {
  let now = AT_THREE;
  const lock = lockOf(new LocalLock(() => now));
  const options: CronOptions = { schedule: '0 3 * * *', lock, now: () => now };
  let begun = false;
  void wrap(
    'killed',
    () => {
      begun = true;
      return new Promise<never>(() => undefined);
    },
    options,
  )();
  await until(() => begun);
  now += 2 * MINUTE;
  expect(await wrap('killed', () => undefined, options)()).toEqual({ skipped: 'already_ran' });
  now += 10 * MINUTE;
  expect(await wrap('killed', () => undefined, options)()).toEqual(outcome);
  expect(await wrap('killed', () => undefined, options)()).toEqual({ skipped: 'already_ran' });
});

describe('a run that begins while another is at work', () => {
  const lock: CronLock = new LocalLock(Date.now);
  const atWork = (overlap: NonNullable<CronOptions['overlap']>) => {
    const ends: (() => void)[] = [];
    const job = () =>
      wrap(`overlap-${overlap}`, () => new Promise<void>((resolve) => ends.push(resolve)), {
        overlap,
        lock,
        pollEvery: 1,
      });
    return { ends, job };
  };

  it('does nothing by default, also in another process', async () => {
    const { ends, job } = atWork('skip');
    const first = job()();
    await until(() => ends.length === 1);
    expect(await job()()).toEqual({ skipped: 'running' });
    ends[0]?.();
    await first;
  });

  it('waits for its end', async () => {
    const { ends, job } = atWork('queue');
    const first = job()();
    await until(() => ends.length === 1);
    const second = job()();
    ends[0]?.();
    await first;
    await until(() => ends.length === 2);
    ends[1]?.();
    expect(await second).toBeUndefined();
  });

  it('runs beside it', async () => {
    const { ends, job } = atWork('allow');
    const runs = [job()(), job()()];
    await until(() => ends.length === 2);
    for (const end of ends) end();
    await Promise.all(runs);
  });

  it('runs when the lock cannot be reached: better twice than never', async () => {
    const away: CronLock = {
      acquire: () => Promise.reject(new Error('refused')),
      release: () => Promise.reject(new Error('refused')),
    };
    expect(await wrap('away', async () => 7, { lock: away })()).toBe(7);
  });
});

it.each([
  ['0 3 * * *', 'UTC', '2026-11-30T03:04:10Z', '2026-11-30T03:00:00Z'],
  ['0 3 * * *', 'America/New_York', '2026-11-30T08:00:59Z', '2026-11-30T08:00:00Z'],
  ['*/5 * * * *', 'UTC', '2026-11-30T03:04:10Z', '2026-11-30T03:00:00Z'],
  ['30 9 * * mon-fri', 'UTC', '2026-11-30T09:31:00Z', '2026-11-30T09:30:00Z'],
  ['30 9 * * 7', 'UTC', '2026-11-29T09:31:00Z', '2026-11-29T09:30:00Z'],
  ['0 0 1 jan *', 'UTC', '2026-01-01T00:02:00Z', '2026-01-01T00:00:00Z'],
  ['0 3 * * *', 'UTC', '2026-11-30T05:04:10Z', '2026-11-30T05:04:00Z'],
  ['0 3 * * *', 'Mars/Olympus', '2026-11-30T03:04:10Z', '2026-11-30T03:04:00Z'],
  ['nonsense', 'UTC', '2026-11-30T03:04:10Z', '2026-11-30T03:04:00Z'],
])('%s in %s at %s is the run of %s', (schedule, zone, now, scheduled) => {
  expect(scheduledMinute(schedule, zone, Date.parse(now), 15 * MINUTE)).toBe(Date.parse(scheduled));
});
