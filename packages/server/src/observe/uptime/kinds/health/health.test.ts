import { afterEach, expect, test } from 'vitest';
import { Secret } from '../../../../lib/secret.ts';
import { checkContext, healthMonitor } from '../../testing/monitors.ts';
import { type Running, serveHttp } from '../../testing/servers.ts';
import { healthKind } from './index.ts';
import { readReport } from './report.ts';

let server: Running | undefined;
afterEach(() => server?.close());

async function poll(status: number, body: unknown, token?: string) {
  let authorization: string | undefined;
  server = await serveHttp((request, response) => {
    authorization = request.headers.authorization;
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const monitor = healthMonitor(server.url, { token: token === undefined ? null : new Secret(token) });
  return { ...(await healthKind.run(monitor, checkContext())), authorization };
}

const checks = {
  database: { status: 'healthy', responseTime: 12 },
  redis: { status: 'degraded', responseTime: 240, details: { error: 'slow' } },
};

const answers: [what: string, status: number, body: unknown, verdict: string, reason: string | null][] = [
  ['healthy', 200, { status: 'healthy', checks: {} }, 'up', null],
  ['degraded', 202, { status: 'degraded', checks }, 'degraded', 'The application is degraded: redis (slow).'],
  [
    'unhealthy without checks',
    503,
    { status: 'unhealthy' },
    'down',
    'The application says that it is unhealthy and names no failing check.',
  ],
  [
    'health+json',
    200,
    { status: 'warn', checks: { 'db:time': [{ status: 'warn', observedValue: 9, output: 'slow' }] } },
    'degraded',
    'The application is degraded: db:time (slow).',
  ],
  [
    'a status nobody knows',
    200,
    { status: 'splendid' },
    'down',
    'Expected the health report to say healthy, but its status is not known.',
  ],
  ['no token', 401, {}, 'down', 'Expected a health report, got 401 Unauthorized: the report needs a valid token.'],
  ['another page', 200, '<html>', 'down', 'Expected a health report, got "<html>".'],
  ['another status', 500, { status: 'healthy' }, 'down', 'Expected a health report, got 500 Internal Server Error.'],
];

test.each(answers)('%s', async (_what, status, body, verdict, reason) => {
  expect(await poll(status, body)).toMatchObject({ verdict, reason });
});

test('the token is sent, and kept out of the evidence', async () => {
  const result = await poll(503, { status: 'unhealthy', echo: 'tok-12345' }, 'tok-12345');
  expect(result.authorization).toBe('Bearer tok-12345');
  expect(result.evidence?.body).toBe('{"status":"unhealthy","echo":"[masked]"}');
});

test('each named check has a verdict, and a status that is not known is unknown', () => {
  expect(
    readReport(JSON.stringify({ status: 'healthy', checks: { ...checks, disk: { status: 'fine?' }, cpu: 7 } }))?.checks,
  ).toEqual([
    { name: 'database', verdict: 'up', reason: null, durationMs: 12 },
    { name: 'redis', verdict: 'degraded', reason: 'slow', durationMs: 240 },
    {
      name: 'disk',
      verdict: 'unknown',
      reason: 'The report gives no status that is known: "fine?".',
      durationMs: null,
    },
    { name: 'cpu', verdict: 'unknown', reason: 'The report gives no status that is known: null.', durationMs: null },
  ]);
});

test('what is no report is none', () => {
  for (const text of ['', '[]', '"healthy"', '{"checks":{}}', '{"status":1}']) expect(readReport(text)).toBeUndefined();
});
