import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ThrottleMeter } from '../../runtime/cpu.ts';
import { CheckRunner } from '../check-runner.ts';
import type { CheckDefinition } from '../health-check.ts';
import { reasonOf } from '../reason.ts';
import { certificateCheck } from './certificate.ts';
import { type PgPool, postgresCheck } from './database.ts';
import { httpCheck } from './external-apis.ts';
import { backupAgeCheck, migrationsCheck, queueLagCheck } from './figures.ts';
import { diskCheck } from './filesystem.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function outcome(definition: CheckDefinition) {
  const { check, measurements } = await new CheckRunner(definition).result();
  return { status: check.status, details: check.details, measurements };
}

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 30, 12);

describe('figures of the application', () => {
  it.each([
    [5, 'healthy'],
    [61, 'degraded'],
    [301, 'unhealthy'],
    [Number.NaN, 'unhealthy'],
  ] as const)('a queue that lags %d s is %s', async (lag, status) => {
    expect((await outcome(queueLagCheck({ lag: async () => lag }))).status).toBe(status);
  });

  it.each([
    [new Date(NOW - 20 * HOUR), 'healthy', 20],
    [new Date(NOW - 27 * HOUR).toISOString(), 'degraded', 27],
    [NOW - 51 * HOUR, 'unhealthy', 51],
    [null, 'unhealthy', undefined],
    ['soon', 'unhealthy', undefined],
  ] as const)('a last backup of %s is %s', async (last, status, age) => {
    const found = await outcome(backupAgeCheck({ last: () => last, now: () => NOW }));
    expect([found.status, found.measurements['age']?.value]).toEqual([status, age]);
  });

  it('names migrations that the database lacks', async () => {
    const texts: string[] = [];
    const pool = {
      query: async (text: string) => {
        texts.push(text);
        return { rows: [{ name: '001' }, { name: '002' }] };
      },
    };
    expect(await outcome(migrationsCheck({ expected: ['001', '002', '003'], applied: pool }))).toMatchObject({
      status: 'unhealthy',
      details: { error: '1 pending', pending: ['003'] },
      measurements: { pending: { value: 1 } },
    });
    expect(texts).toEqual(['select "name" as name from "migrations"']);
    expect((await outcome(migrationsCheck({ expected: () => ['001'], applied: async () => ['001'] }))).status).toBe(
      'healthy',
    );
  });
});

describe('Postgres', () => {
  const pool = (waitingCount: number): PgPool & { asked: string[] } => {
    const asked: string[] = [];
    const client = { query: async (text: string) => void asked.push(text), release: () => undefined };
    return { asked, totalCount: 4, idleCount: 1, waitingCount, options: { max: 4 }, connect: async () => client };
  };

  it('is asked for 1, nothing is written, and the use of the pool is measured', async () => {
    const given = pool(0);
    expect(await outcome(postgresCheck({ pool: given }))).toMatchObject({
      status: 'healthy',
      measurements: { poolInUse: { value: 3 }, poolWaiting: { value: 0 }, poolSize: { value: 4 } },
    });
    expect(given.asked).toEqual(['select 1']);
  });

  it('is degraded while queries wait for a connection', async () => {
    expect((await outcome(postgresCheck({ pool: pool(2) }))).status).toBe('degraded');
  });
});

it('an address that holds a key is not asked', async () => {
  const tried = [
    'https://u:p@api.example/',
    'https://api.example/?api_key=abc',
    'https://api.example/?key=abc',
    'nowhere',
  ];
  const found = await Promise.all(tried.map((url) => outcome(httpCheck({ name: 'x', url }))));
  expect(found.map(({ status, details }) => `${status}: ${String(details?.['error'])}`)).toEqual([
    'unhealthy: the URL holds credentials: put them into headers',
    'unhealthy: the URL holds "api_key": put it into headers',
    'unhealthy: the URL holds "key": put it into headers',
    'unhealthy: the URL is not one',
  ]);
});

it('looks at the free space of a folder that it may not write to', async () => {
  expect((await outcome(diskCheck({ directory: '/proc/self', freePercent: [0, 0] }))).details).toBeDefined();
  expect(await outcome(diskCheck({ freePercent: [101, 101] }))).toMatchObject({ status: 'unhealthy' });
});

describe('a certificate', () => {
  it('is judged by the days that are left, also when nobody trusts it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'yumops-certificate-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', [...made, '-keyout', key, '-out', cert, '-days', '10', '-subj', '/CN=shop.test'], {
      stdio: 'ignore',
    });
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    expect(await outcome(certificateCheck(at))).toMatchObject({
      status: 'degraded',
      measurements: { daysLeft: { value: 9, unit: 'days' } },
    });
    expect((await outcome(certificateCheck({ ...at, limits: [5, 3] }))).status).toBe('healthy');
  });

  it('that cannot be looked at is unhealthy', async () => {
    expect(await outcome(certificateCheck({ host: '127.0.0.1', port: 1 }))).toMatchObject({
      status: 'unhealthy',
      details: { error: 'connection refused' },
    });
  });
});

it('tells how often a container had to wait for its processor', () => {
  const stat = (periods: number, throttled: number) =>
    `usage_usec 5\nnr_periods ${periods}\nnr_throttled ${throttled}\n`;
  const texts = [stat(100, 10), stat(200, 60), stat(200, 60)];
  const meter = new ThrottleMeter((path) => (path === '/sys/fs/cgroup/cpu.stat' ? texts.shift() : undefined));
  expect([meter.read(), meter.read()]).toEqual([50, 0]);
  expect(new ThrottleMeter(() => undefined).read()).toBeUndefined();
});

it.each([
  [Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:5432'), { code: 'ECONNREFUSED' }), 'connection refused'],
  [Object.assign(new Error('getaddrinfo ENOTFOUND db'), { code: 'ENOTFOUND' }), 'host name not found'],
  [
    new Error('password authentication failed for user "app" at db.internal'),
    'password authentication failed for user "app" at [host]',
  ],
  [new Error('GET https://api.example/v1?token=abc failed'), 'GET [host] failed'],
  [new Error('no route to [fd00::12]:6379 or 192.0.2.4 or cache:6379'), 'no route to [host] or [host] or [host]'],
  [new AggregateError([new Error('a'), new Error('b')]), 'a; b'],
])('tells of %s: %s', (error, text) => {
  expect(reasonOf(error)).toBe(text);
});
