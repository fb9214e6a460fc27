import type { LogContext, LogFields, LogHistogram, LogPage, LogRow, LogRowDetail } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestTelemetry, type TestTelemetry } from '../../test/engines.ts';
import { silentLog, startTestIngest, until } from '../../test/ingest.ts';
import { openGuard } from '../../test/support/open-guard.ts';
import { systemClock } from '../lib/clock.ts';
import type { Ingest } from '../observe/ingest/index.ts';
import { createLogSearch, parseLogQuery, toMatcher } from '../observe/logs/index.ts';
import { logsRoutes } from './logs.ts';
import { queryRoutes } from './query.ts';
import { createHttpServer } from './server.ts';

let store: TestTelemetry;
let ingest: Ingest;
let stopIngest: () => Promise<void>;
let app: FastifyInstance;
let url: string;

const START = Math.floor(systemClock.now() / 60_000) * 60_000 - 600_000;

const RECORDS = [
  { level: 'info', message: 'Server started', service: 'api' },
  {
    level: 'warn',
    message: 'Slow request: 10% of budget_x',
    service: 'api',
    type: 'performance',
    endpoint: '/api/menus',
    method: 'GET',
    statusCode: 200,
    duration: 2_500,
    requestId: 'r-1',
  },
  {
    level: 'error',
    message: 'Connection refused by upstream',
    service: 'api',
    type: 'performance',
    endpoint: '/api/orders',
    statusCode: 502,
    duration: 40,
    user: { plan: 'gold' },
  },
  { level: 'error', message: 'Über-Fehler in Köln', service: 'web', user: { plan: 'free' }, attempts: 3 },
  { level: 'debug', message: 'cache miss', service: 'web' },
  { level: 'fatal', message: 'refused connection pool', service: 'worker', ip: '192.0.2.9', traceId: 'abc' },
].map((record, i) => ({ timestamp: START + i * 1_000, n: i, ...record }));

beforeAll(async () => {
  store = await startTestTelemetry();
  const started = await startTestIngest({ telemetry: store.telemetry });
  ingest = started.ingest;
  stopIngest = started.stop;
  const body = Buffer.from(RECORDS.map((record) => JSON.stringify(record)).join('\n'));
  await ingest.accept({ body, format: 'ndjson', project: '1' });
  await ingest.writer.append('logs', [
    { timestamp: START, id: 'own', project: 'yumops', level: 'info', message: 'own' },
  ]);
  await until(() => ingest.watermark() === undefined);
  app = await createHttpServer({ log: silentLog, version: '0' });
  const guard = openGuard;
  const search = createLogSearch(store.telemetry, systemClock);
  logsRoutes(app, { search: () => search, tail: ingest.tail, guard, clock: systemClock });
  queryRoutes(app, { telemetry: store.telemetry, guard, clock: systemClock });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await app?.close();
  await stopIngest?.();
  await store?.stop();
});

const RANGE = { from: String(START - 1), to: String(START + 60_000) };

async function get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  const response = await fetch(`${url}${path}?${new URLSearchParams({ ...RANGE, ...query })}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

const QUERIES: [string, number[]][] = [
  ['', [5, 4, 3, 2, 1, 0]],
  ['refused', [5, 2]],
  ['REFUSED connection', [5, 2]],
  ['"connection refused"', [2]],
  ['refuse', []],
  ['refuse*', [5, 2]],
  ['über-fehler', [3]],
  ['KÖLN', [3]],
  ['"10% of budget_x"', [1]],
  ['10%', [1]],
  ['level:error', [3, 2]],
  ['level:error,fatal', [5, 3, 2]],
  ['-level:error', [5, 4, 1, 0]],
  ['-statusCode:502', [5, 4, 3, 1, 0]],
  ['statusCode:>=500', [2]],
  ['statusCode:200..299', [1]],
  ['duration:<100', [2]],
  ['endpoint:/api/*', [2, 1]],
  ['endpoint:/API/m*', [1]],
  ['endpoint:*', [2, 1]],
  ['-endpoint:*', [5, 4, 3, 0]],
  ['user.plan:gold', [2]],
  ['user.plan:*', [3, 2]],
  ['-user.plan:gold', [5, 4, 3, 1, 0]],
  ['attributes.attempts:>2', [3]],
  ['attempts:3', [3]],
  ['service:web OR traceId:abc', [5, 4, 3]],
  ['(service:web OR service:api) level:error', [3, 2]],
  ['message:"it\'s" OR service:api -level:info', [2, 1]],
  ['nothing:*', []],
];

describe('GET /api/v1/logs', () => {
  it.each(QUERIES)('%s finds %j', async (q, expected) => {
    const { items } = await get<LogPage>('/api/v1/logs', { q });
    expect(items.map(({ timestamp }) => (Date.parse(timestamp) - START) / 1_000)).toEqual(expected);
  });

  it.each(QUERIES)('%s has the same meaning in the live tail', (q, expected) => {
    const matches = toMatcher(parseLogQuery(q));
    const found = RECORDS.filter(({ user, attempts, n, ...record }: Record<string, unknown>) =>
      matches({
        ...record,
        attributes: {
          n: String(n),
          ...(user ? { 'user.plan': (user as { plan: string }).plan } : {}),
          ...(attempts ? { attempts: String(attempts) } : {}),
        },
      }),
    ).map(({ n }) => n);
    expect(found.reverse()).toEqual(expected);
  });

  it('gives rows as the protocol says', async () => {
    const { items } = await get<LogPage>('/api/v1/logs', { q: 'requestId:r-1' });
    expect(items).toEqual([
      {
        id: expect.any(String),
        timestamp: new Date(START + 1_000).toISOString(),
        level: 'warn',
        message: 'Slow request: 10% of budget_x',
        service: 'api',
        type: 'performance',
        endpoint: '/api/menus',
        method: 'GET',
        statusCode: 200,
        duration: 2_500,
        requestId: 'r-1',
        traceId: null,
      },
    ]);
  });

  it('pages by cursor without gap or repetition', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { items, nextCursor }: LogPage = await get('/api/v1/logs', { limit: '2', ...(cursor ? { cursor } : {}) });
      seen.push(...items.map(({ id }) => id));
      cursor = nextCursor;
    }
    expect(new Set(seen).size).toBe(RECORDS.length);
    expect(seen).toHaveLength(RECORDS.length);
  });

  it('gives whole records where they are asked for, page by page', async () => {
    const ask = (more: Record<string, string>) =>
      get<LogPage>('/api/v1/logs', { q: 'user.plan:*', limit: '1', ...more });
    const first = await ask({ whole: 'true' });
    const second = await ask({ whole: 'true', cursor: first.nextCursor ?? '' });
    const [one] = second.items as [LogRowDetail];
    expect(one).toEqual(await get<LogRowDetail>(`/api/v1/logs/${one.id}`));
    expect(one.attributes).toMatchObject({ 'user.plan': 'gold' });
    expect((await ask({})).items[0]).not.toHaveProperty('attributes');
  });

  it.each([
    ['q=level:', 'invalid_query'],
    ['from=yesterday', 'invalid_time'],
    ['from=2026-01-02&to=2026-01-01', 'invalid_range'],
    ['cursor=nonsense', 'invalid_cursor'],
    ['limit=0', 'invalid_request'],
  ])('?%s is refused as %s', async (query, code) => {
    const response = await fetch(`${url}/api/v1/logs?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code } });
  });
});

describe('one record, volume, fields', () => {
  it('finds a record by its id', async () => {
    const { items } = await get<LogPage>('/api/v1/logs', { q: 'user.plan:gold' });
    const found = await get<LogRowDetail>(`/api/v1/logs/${(items[0] as LogRow).id}`);
    expect(found).toMatchObject({
      message: 'Connection refused by upstream',
      fields: { statusCode: 502, project: '1', environment: '' },
      attributes: { 'user.plan': 'gold', n: '2' },
    });
    expect((await fetch(`${url}/api/v1/logs/zzz-1`)).status).toBe(404);
    expect((await fetch(`${url}/api/v1/logs/${encodeURIComponent("' OR 1=1")}`)).status).toBe(404);
  });

  it('shows the lines before and after a record, of its service or of a query', async () => {
    const { items } = await get<LogPage>('/api/v1/logs', { q: 'n:2' });
    const at = ({ timestamp }: LogRow) => (Date.parse(timestamp) - START) / 1_000;
    const around = async (query: Record<string, string>) => {
      const answer = await get<LogContext>(`/api/v1/logs/${(items[0] as LogRow).id}/context`, query);
      return [answer.before.map(at), at(answer.row), answer.after.map(at)];
    };
    expect(await around({})).toEqual([[0, 1], 2, []]);
    expect(await around({ q: '' })).toEqual([[0, 1], 2, [3, 4, 5]]);
    expect(await around({ q: '', before: '1', after: '2' })).toEqual([[1], 2, [3, 4]]);
    expect(await around({ q: 'service:web', before: '0' })).toEqual([[], 2, [3, 4]]);
    expect((await fetch(`${url}/api/v1/logs/zzz-1/context`)).status).toBe(404);
  });

  it('counts by level over time', async () => {
    const histogram = await get<LogHistogram>('/api/v1/logs/histogram', {
      from: String(START),
      to: String(START + 60_000),
      buckets: '60',
    });
    expect(histogram).toMatchObject({ stepMs: 1_000, total: 6, levels: ['debug', 'error', 'fatal', 'info', 'warn'] });
    expect(histogram.counts['error']?.slice(0, 6)).toEqual([0, 0, 1, 1, 0, 0]);
    expect(histogram.counts['error']).toHaveLength(60);
  });

  it('lists fields with their commonest values', async () => {
    const { fields } = await get<LogFields>('/api/v1/logs/fields');
    expect(fields).toContainEqual({ name: 'level', values: expect.arrayContaining([{ value: 'error', count: 2 }]) });
    expect(fields).toContainEqual({
      name: 'user.plan',
      values: [
        { value: 'free', count: 1 },
        { value: 'gold', count: 1 },
      ],
    });
  });
});

describe('GET /api/v1/logs/tail', () => {
  it('shows new records that match as they come', async () => {
    const gone = new AbortController();
    const response = await fetch(`${url}/api/v1/logs/tail?q=service:tail`, { signal: gone.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    const body = Buffer.from('{"service":"other","message":"no"}\n{"service":"tail","message":"yes","statusCode":7}');
    await ingest.accept({ body, format: 'ndjson', project: '1' });
    let text = '';
    while (!text.includes('event: row')) text += (await reader.read()).value;
    const data = JSON.parse(/data: (.*)/.exec(text)?.[1] as string) as LogRow;
    expect(data).toMatchObject({ service: 'tail', message: 'yes', statusCode: 7 });
    expect(text).not.toContain('"no"');
    const found = await until(async () => {
      const answer = await fetch(`${url}/api/v1/logs/${data.id}`);
      return answer.status === 200 && ((await answer.json()) as LogRowDetail);
    });
    expect(found.message).toBe('yes');
    gone.abort();
  });

  it('tells how many it could not show', async () => {
    const response = await fetch(`${url}/api/v1/logs/tail?q=`);
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    const line = `${JSON.stringify({ message: 'x'.repeat(100) })}\n`;
    await ingest.accept({ body: Buffer.from(line.repeat(30_000)), format: 'ndjson', project: '1' });
    let shown = 0;
    let dropped = 0;
    let rest = '';
    while (shown + dropped < 30_000) {
      rest += (await reader.read()).value;
      const events = rest.split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        if (event.startsWith('event: row')) shown += 1;
        const lost = /^event: dropped\ndata: \{"count":(\d+)\}/.exec(event);
        if (lost) dropped += Number(lost[1]);
      }
    }
    expect(shown + dropped).toBe(30_000);
    expect(dropped).toBeGreaterThan(0);
    await reader.cancel();
  });

  it('refuses a query that it cannot read', async () => {
    const response = await fetch(`${url}/api/v1/logs/tail?q=level:`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_query' } });
  });
});

describe('POST /api/v1/query', () => {
  it('answers with columns and rows', async () => {
    const response = await fetch(`${url}/api/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        sql: "SELECT level, count() AS n FROM application_logs WHERE service = 'api' GROUP BY level ORDER BY level",
      }),
    });
    expect(await response.json()).toMatchObject({
      columns: [
        { name: 'level', type: 'LowCardinality(String)' },
        { name: 'n', type: 'UInt64' },
      ],
      rows: [
        ['error', 1],
        ['info', 1],
        ['warn', 1],
      ],
    });
  });

  it('refuses with 4xx and a code', async () => {
    const response = await fetch(`${url}/api/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT hostName()' }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'query_not_allowed' } });
  });
});
