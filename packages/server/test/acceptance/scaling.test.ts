import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScalingReport } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MetricFamily, readLive, Scaling, type ScalingDeps } from '../../src/care/scaling/index.ts';
import { freePort } from '../../src/engines/free-port.ts';
import { metricsRoutes } from '../../src/http/metrics.ts';
import { scalingRoutes } from '../../src/http/scaling.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { YumOpsError } from '../../src/lib/errors.ts';
import { createLog } from '../../src/lib/log.ts';
import { liveMetrics } from '../../src/main/live-metrics.ts';
import { runQuery } from '../../src/observe/logs/sql/run-query.ts';
import { RULE_METRICS } from '../../src/respond/alerting/index.ts';
import { startTelemetryServer, type TelemetryServer } from '../support/telemetry-server.ts';

const PROMETHEUS = '/usr/bin/prometheus';
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 30, 12, 0, 30);
const GB = 2 ** 30;

const origin = { project: '', service: 'shop', environment: 'production', release: '' };
const folder = mkdtempSync(join(tmpdir(), 'yumops-scaling-'));
const clock = new FakeClock(NOW);
const log = createLog(clock, () => undefined);

let store: TelemetryServer;
let deps: ScalingDeps;

function metric(at: number, name: string, value: number, attributes: Record<string, string> = {}) {
  return { ...origin, timestamp: at, id: '', name, type: 'gauge', value, attributes };
}

/** Forty days of levels: a disk that fills in about ten days, a database with room for years, connections that are level. */
function history() {
  return Array.from({ length: 40 * 24 }, (_, hour) => {
    const at = NOW - hour * HOUR;
    const day = 40 - hour / 24;
    const wave = Math.sin(2 * Math.PI * day);
    return [
      metric(at, 'capacity_disk_used_bytes', (20 + 2 * day + wave) * GB, { disk: 'one' }),
      metric(at, 'capacity_disk_free_bytes', (100 - 2 * day - wave) * GB, { disk: 'one' }),
      metric(at, 'db_size_bytes', (5 + 0.01 * day) * GB, { database: 'main' }),
      metric(at, 'db_disk_free_bytes', (95 - 0.01 * day) * GB, { database: 'main' }),
      metric(at, 'db_connection_usage', 40 + 5 * wave, { database: 'main' }),
      metric(at, 'capacity_blocks_hit', 9_000_000 - hour * 9_000, { database: 'main' }),
      metric(at, 'capacity_blocks_read', 1_000_000 - hour * 1_000, { database: 'main' }),
      metric(at, 'capacity_connections_usable', 97, { database: 'main' }),
    ];
  }).flat();
}

const requests = (at: number, count: number, endpoint: string, duration: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ ...origin, timestamp: at - (index % 50) * 1_000, endpoint, method: 'GET' },
    ...{ statusCode: index % 50 === 0 ? 500 : 200, duration: duration(index), dedupKey: `${endpoint} ${at} ${index}` },
  }));

beforeAll(async () => {
  store = await startTelemetryServer();
  await store.insert('metric_rows', history());
  await store.insert('metric_rows', [
    metric(NOW - 20_000, 'memory_usage', 91, { instance: 'a' }),
    ...['a', 'b', 'c'].map((instance) => metric(NOW - 20_000, 'db_pool_size', 40, { instance, pool: 'pg' })),
    metric(NOW - 20_000, 'db_connection_usage', 55, { instance: 'a', pool: 'pg' }),
    metric(NOW - 20_000, 'cpu_usage', 37.5, { instance: 'a' }),
  ]);
  await store.insert('request_rows', [
    ...requests(NOW - 20_000, 600, '/api/search', (index) => 100 + index),
    // Within one minute.
    ...requests(NOW - 5 * 60_000 + 25_000, 1_200, '/api/items/:id', (index) => (index % 50 === 0 ? 9_500 : 40)),
  ]);
  writeFileSync(join(folder, 'vercel.json'), '{"functions": {"app/api/**/*.js": {"maxDuration": 10}}}');
  for (const route of ['search', 'items/[id]']) {
    mkdirSync(join(folder, 'app', 'api', route), { recursive: true });
    writeFileSync(join(folder, 'app', 'api', route, 'route.js'), '');
  }
  deps = scalingDeps();
}, 120_000);

afterAll(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

const written: { relation: string; name: unknown; value: unknown; attributes: unknown }[] = [];

function scalingDeps(): ScalingDeps {
  return {
    ...{ clock, log, service: 'yumops', instance: 'one', telemetry: store.telemetry, telemetryApart: true },
    db: { query: async () => Promise.reject(new Error('must be owner')) },
    writer: {
      async append(relation, rows) {
        for (const { name, value, attributes } of rows) written.push({ relation, name, value, attributes });
      },
    },
    disk: async () => ({ used: 100 * GB, free: 20 * GB }),
    databases: () => ['main'],
    readDatabase: async () => ({
      blocks: { hit: 90, read: 10 },
      connections: { used: 39, usable: 97 },
    }),
    config: () => ({
      ...{ vercel: 'vercel.json', plan: 'pro', metrics: 'token', requestsPerSecond: 200 },
      prices: { currency: 'EUR', diskGbMonth: 0.1, backupGbMonth: null },
    }),
    retentionDays: () => ({ logs: 30, requests: 30 }),
    checkVercel: async (file, { routes }) => {
      const { checkVercelFile } = await import('../../src/main/vercel-file.ts');
      return checkVercelFile(file, { plan: 'pro', jobs: [], now: NOW, measured: { routes, memory: [] } }, folder);
    },
  };
}

describe('a report', () => {
  let report: ScalingReport;

  beforeAll(async () => {
    report = await new Scaling(deps).report();
  });

  const resource = (id: string) => report.resources.find((one) => one.id === id);

  test('names the first limit first, with an interval that holds the planted day', () => {
    expect(report.resources[0]).toMatchObject({ id: 'disk:one', unit: 'B', limit: 120 * GB, samples: 960 });
    const { outlook, growthPerDay } = report.resources[0] as ScalingReport['resources'][number];
    expect(growthPerDay?.value).toBeCloseTo(2 * GB, -8);
    expect(outlook.state).toBe('limit');
    if (outlook.state !== 'limit') return;
    expect(outlook.earliest).toBeLessThanOrEqual(10);
    expect(outlook.latest).toBeGreaterThanOrEqual(9);
    expect(report.resources[0]?.sentence).toMatch(/^Disk of the data folder: at its limit in \d+ days/);
  });

  test('says where no limit is in sight, and where none is known', () => {
    expect(resource('connections:main')).toMatchObject({ unit: '%', limit: 100, outlook: { state: 'none' } });
    expect(resource('database:main')?.outlook).toMatchObject({ state: 'none' });
    expect(resource('traffic')?.outlook).toMatchObject({ state: 'unknown', reason: 'too_short' });
  });

  test('gives no figure without its statement and its sample', () => {
    expect(report.figures.length).toBeGreaterThan(8);
    for (const { query, samples, value } of report.figures) {
      expect(query).toMatch(/^SELECT /);
      expect(query).not.toMatch(/\{\w+:\w+\}/);
      expect(samples).toBeGreaterThan(0);
      expect(Number.isFinite(value)).toBe(true);
    }
  });

  test.each([
    ['traffic::now', 1_200 / 5 / 60, '/s'],
    ['traffic:peak', 1_200 / 60, '/s'],
    ['database:main:cache', 90, '%'],
    ['connections:shop pg:most', 120, ''],
  ])('figure %s', (id, value, unit) => {
    const found = report.figures.find((one) => one.id === id.replace('::', ':'));
    expect(found?.value).toBeCloseTo(value, 5);
    expect(found?.unit).toBe(unit);
  });

  test('every statement can be run again by who reads it, but for those on the parts of the store', async () => {
    const queries = new Set([
      ...report.figures.map(({ query }) => query),
      ...report.resources.map(({ query }) => query),
      report.routes.query,
      report.memory.query,
    ]);
    for (const query of queries) {
      if (query.includes('system.parts')) continue;
      await expect(runQuery(store.telemetry, query, clock), query).resolves.toBeDefined();
    }
  });

  test('compares routes with vercel.json', () => {
    expect(report.routes.items[0]).toMatchObject({ endpoint: '/api/items/:id', requests: 1_200 });
    expect(report.vercel?.findings.map(({ code }) => code)).toEqual(['W405']);
  });

  test('recommends with reason, basis and cost', () => {
    const grow = report.recommendations.find(({ id }) => id === 'grow:disk:one');
    expect(grow?.reason).toMatch(/in 180 days with a fifth of room that is \d+ GB/);
    expect(grow?.cost?.currency).toBe('EUR');
    expect(grow?.cost?.perMonth).toBeCloseTo((Number(grow?.recommended.split(' ')[0]) - 120) * 0.1, 0);
    expect(report.recommendations.find(({ id }) => id.startsWith('pool:'))).toMatchObject({
      current: '40',
      recommended: '25',
    });
    expect(report.recommendations.find(({ id }) => id === 'cache:main')?.cost).toBeNull();
    const known = new Set([...report.figures, ...report.resources].map(({ id }) => id));
    for (const { basis } of report.recommendations) expect(basis.filter((id) => !known.has(id))).toEqual([]);
  });

  test('gives a report of a month its section', async () => {
    const [first] = await new Scaling(deps).section();
    expect(first).toMatchObject({ id: 'disk:one', state: 'limit', samples: 960 });
    expect(first?.days).toBeGreaterThan(5);
  });
});

test('a sample is written as metrics, with the days to each limit, and what cannot be read is told', async () => {
  written.length = 0;
  const scaling = new Scaling(deps);
  await scaling.sample();
  const names = new Set(written.map(({ name }) => name));
  for (const name of ['capacity_disk_used_bytes', 'capacity_telemetry_bytes', 'capacity_blocks_hit', 'days_to_limit']) {
    expect(names).toContain(name);
  }
  const days = written.find(
    ({ name, attributes }) => name === 'days_to_limit' && (attributes as { resource: string }).resource === 'disk:one',
  );
  expect(days?.value).toBeGreaterThan(5);
  expect(days?.value).toBeLessThan(15);
  expect(RULE_METRICS.get('days_to_limit')?.labels).toContain('resource');
  expect((await scaling.report()).problems.map(({ source }) => source)).toContain('state store');
});

/** What a line of the exposition format may be, from its published description. */
function parseExposition(text: string): Map<string, { type: string; samples: { labels: string; value: number }[] }> {
  const families = new Map<string, { type: string; samples: { labels: string; value: number }[] }>();
  let current = '';
  for (const line of text.split('\n')) {
    if (line === '' || line === '# EOF' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped|unknown|info)$/.exec(
      line,
    );
    if (type) {
      current = type[1] as string;
      if (families.has(current)) throw new Error(`${current} stands twice`);
      families.set(current, { type: type[2] as string, samples: [] });
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line);
    if (!sample || !(sample[1] as string).startsWith(current)) throw new Error(`not a sample of ${current}: ${line}`);
    const value = sample[3] === '+Inf' ? Number.POSITIVE_INFINITY : Number(sample[3]);
    if (Number.isNaN(value)) throw new Error(`not a number: ${line}`);
    families.get(current)?.samples.push({ labels: sample[2] ?? '', value });
  }
  return families;
}

describe('GET /metrics', () => {
  let app: FastifyInstance;
  let address: string;
  let open = false;

  const families = (): Promise<MetricFamily[]> =>
    liveMetrics({
      ...{ clock, log },
      stores: {
        telemetry: store.telemetry,
        db: { query: async () => [{ messages: 3, alerts: 1 }] },
      } as never,
      observe: {
        ingest: {
          stats: () => ({
            ...{
              lagSeconds: 0.4,
              spoolBytes: 12_345,
              spoolRefusalBytes: 1e9,
              accepted: 7,
              rejected: 1,
              refused: 0,
              retries: 0,
            },
            stored: { logs: 5, 'we"ird\\': 1 },
          }),
        },
        uptime: { stats: () => ({ checks: 9 }) },
      } as never,
      scheduler: { list: async () => [{ runs: [{ status: 'queued' }, { status: 'succeeded' }] }] } as never,
    });

  beforeAll(async () => {
    app = await createHttpServer({ log, version: '0' });
    const guard = () => async (request: { headers: Record<string, unknown> }) => {
      if (request.headers.authorization !== 'Bearer scrape') {
        throw new YumOpsError('unauthenticated', 'no', { status: 401 });
      }
    };
    metricsRoutes(app, { guard: guard as never, open: () => open, families, version: '1.2.3' });
    scalingRoutes(app, { guard: guard as never, scaling: new Scaling(deps) });
    await app.listen({ port: 0, host: '127.0.0.1' });
    address = `127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  });

  afterAll(() => app.close());

  const scrape = (headers: Record<string, string> = { authorization: 'Bearer scrape' }) =>
    fetch(`http://${address}/metrics`, { headers });

  test('wants a token, unless the configuration opens it', async () => {
    expect((await scrape({})).status).toBe(401);
    open = true;
    expect((await scrape({})).status).toBe(200);
    open = false;
    expect((await scrape()).status).toBe(200);
  });

  test('tells an autoscaler what it needs, in the text format', async () => {
    const answer = await scrape();
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const parsed = parseExposition(await answer.text());
    const value = (name: string) => parsed.get(name)?.samples[0]?.value;
    // 600 requests, of which those of the last ten seconds are not counted yet.
    expect(value('yumops_app_requests_per_second')).toBeCloseTo(10, 1);
    expect(value('yumops_app_response_time_p95_seconds')).toBeCloseTo(0.67, 1);
    expect(value('yumops_app_requests_in_flight')).toBeCloseTo(4, 0);
    expect(value('yumops_app_error_ratio')).toBeCloseTo(0.02, 5);
    expect(parsed.get('yumops_db_connections_used_ratio')?.samples).toContainEqual({
      labels: '{service="shop",database="",pool="pg",instance="a"}',
      value: expect.closeTo(0.55, 5),
    });
    expect(value('yumops_ingest_lag_seconds')).toBe(0.4);
    expect(value('yumops_spool_bytes')).toBe(12_345);
    expect(value('yumops_alert_queue')).toBe(3);
    expect(parsed.get('yumops_job_runs')?.samples).toEqual([
      { labels: '{state="queued"}', value: 1 },
      { labels: '{state="running"}', value: 0 },
    ]);
    expect(parsed.get('yumops_build_info')?.samples[0]?.labels).toContain('version="1.2.3"');
    expect(parsed.get('yumops_ingest_stored_rows_total')?.samples.at(-1)?.labels).toBe('{table="we\\"ird\\\\"}');
    expect(value('yumops_http_requests_in_flight')).toBeGreaterThanOrEqual(1);
  });

  test('speaks OpenMetrics where it is asked to', async () => {
    const answer = await scrape({
      authorization: 'Bearer scrape',
      accept: 'application/openmetrics-text; version=1.0.0',
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
    const text = await answer.text();
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(parseExposition(text).get('yumops_ingest_accepted')?.type).toBe('counter');
  });

  test('leaves out what cannot be read, and says so', async () => {
    const { liveMetrics: read } = await import('../../src/main/live-metrics.ts');
    const broken = { query: async () => Promise.reject(new Error('gone')) };
    const found = await read({
      ...{ clock, log },
      stores: { telemetry: broken, db: broken } as never,
      observe: { ingest: { stats: () => ({ stored: {} }) }, uptime: { stats: () => ({}) } } as never,
      scheduler: { list: async () => [] },
    });
    expect(found[0]).toMatchObject({
      name: 'yumops_source_up',
      samples: [
        { labels: { source: 'telemetry' }, value: 0 },
        { labels: { source: 'state' }, value: 0 },
      ],
    });
    expect(found.some(({ name }) => name === 'yumops_alert_queue')).toBe(false);
  });

  test('answers the report by its published schema', async () => {
    const answer = await fetch(`http://${address}/api/v1/scaling`, { headers: { authorization: 'Bearer scrape' } });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as ScalingReport).resources[0]?.id).toBe('disk:one');
  });

  test.skipIf(!existsSync(PROMETHEUS))(
    'is scraped by a real Prometheus',
    async () => {
      const port = await freePort();
      writeFileSync(join(folder, 'token'), 'scrape');
      writeFileSync(
        join(folder, 'prometheus.yml'),
        [
          'global: {scrape_interval: 1s, scrape_timeout: 1s}',
          'scrape_configs:',
          `  - {job_name: yumops, static_configs: [{targets: ["${address}"]}], authorization: {credentials_file: ${join(folder, 'token')}}}`,
        ].join('\n'),
      );
      const prometheus: ChildProcess = spawn(
        PROMETHEUS,
        [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'tsdb')}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdio: 'ignore' },
      );
      try {
        const ask = async (query: string) => {
          const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${query}`).catch(() => undefined);
          const body = (await answer?.json().catch(() => undefined)) as
            | { data?: { result?: { value: [number, string] }[] } }
            | undefined;
          return body?.data?.result?.[0]?.value[1];
        };
        await expect.poll(() => ask('up'), { timeout: 60_000, interval: 250 }).toBe('1');
        await expect.poll(() => ask('yumops_spool_bytes'), { timeout: 30_000, interval: 250 }).toBe('12345');
        expect(Number(await ask('yumops_app_requests_per_second'))).toBeCloseTo(10, 1);
      } finally {
        const gone = once(prometheus, 'exit');
        prometheus.kill('SIGTERM');
        await gone;
      }
    },
    120_000,
  );
});

test('nothing measured is nothing said', async () => {
  const empty = { query: async () => [] };
  expect(await readLive(empty, NOW)).toSatisfy((families: MetricFamily[]) =>
    families.every(({ samples }) => samples.length === 0),
  );
});
