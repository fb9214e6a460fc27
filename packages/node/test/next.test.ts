import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JsonRecord, RecordingServer, until } from '../src/testing/recording-server.ts';

const root = resolve(import.meta.dirname, '../../..');
const fixture = resolve(import.meta.dirname, 'next-fixture');
const next = resolve(root, 'node_modules/next/dist/bin/next');
const environment = { ...process.env, NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1' };

const yumops = new RecordingServer();
let server: ChildProcess;
let origin: string;
let output = '';
let stdout = '';

beforeAll(async () => {
  await yumops.listen();
  output = execFileSync(process.execPath, [next, 'build'], {
    cwd: fixture,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  server = spawn(process.execPath, [next, 'start', '-p', '0', '-H', '127.0.0.1'], {
    cwd: fixture,
    env: {
      ...environment,
      YUMOPS_URL: yumops.url,
      YUMOPS_KEY: 'k',
      YUMOPS_SERVICE: 'fixture',
      NEXT_PUBLIC_APP_VERSION: '1.2.3',
      HEALTH_TOKEN: 'let-me-in',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  server.stdout?.on('data', (part) => {
    stdout += part;
  });
  const found = await until(() => stdout.includes('Ready') && /http:\/\/127\.0\.0\.1:\d+/.exec(stdout), 30_000);
  origin = (found as RegExpExecArray)[0];
}, 120_000);

afterAll(async () => {
  server.kill('SIGKILL');
  await yumops.close();
});

const recordsIn = (text: string) => [...text.matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line) as JsonRecord);
const linesOf = (requestId: string | null) => recordsIn(stdout).filter((record) => record['requestId'] === requestId);

async function visit(
  path: string,
  init: RequestInit = {},
): Promise<{ response: Response; text: string; line: JsonRecord; all: JsonRecord[] }> {
  const response = await fetch(origin + path, { redirect: 'manual', ...init });
  const text = await response.text();
  const requestId = response.headers.get('x-request-id');
  const line = await until(() => linesOf(requestId).find((record) => record['type'] === 'request'));
  return { response, text, line, all: linesOf(requestId) };
}

describe('Next.js 16', () => {
  it('builds without a warning', () => {
    expect(output).not.toMatch(/warn|not supported in the Edge/i);
  });

  it.each([
    ['/', '/', 200, 'info'],
    ['/old', '/old', 307, 'info'],
    ['/about/tea', '/about/[slug]', 200, 'info'],
    ['/api/restaurants/12?token=abc', '/api/restaurants/[id]', 200, 'info'],
    ['/api/boom', '/api/boom', 500, 'error'],
    ['/about/broken', '/about/[slug]', 500, 'error'],
    ['/nowhere/12', '/_not-found', 404, 'info'],
  ])('logs %s once, as %s', async (path, endpoint, statusCode, level) => {
    const { line, all } = await visit(path);
    expect(line).toMatchObject({
      endpoint,
      statusCode,
      level,
      method: 'GET',
      service: 'fixture',
      release: '1.2.3',
      ip: '127.0.0.1',
      slow: false,
    });
    expect(line['path']).toBe(path.replace(/\?.*/, ''));
    expect(all.filter((record) => record['type'] === 'request')).toHaveLength(1);
  });

  it('ties what pages and handlers log to their request, with the user that they name', async () => {
    const page = await visit('/about/soup');
    expect(page.all.map((record) => record['message'])).toContain('inside a page');
    const handler = await visit('/api/restaurants/7');
    expect(handler.all.find((record) => record['message'] === 'inside a handler')).toMatchObject({
      userId: 'user-7',
      traceId: handler.line['traceId'],
    });
    expect(handler.line).toMatchObject({ userId: 'user-7' });
  });

  it.each(['/api/boom', '/about/broken'])('records the error behind %s with its request', async (path) => {
    const { all } = await visit(path);
    const error = all.find((record) => record['message'] === 'Unhandled request error');
    expect(error).toMatchObject({
      level: 'error',
      method: 'GET',
      error: { name: 'Error', stack: expect.any(String) },
      path,
    });
    expect(error?.['type']).toBeUndefined();
  });

  it('names the server action that a form ran, on the line of its request and on what it logs', async () => {
    const { text } = await visit('/rate');
    const form = new FormData();
    for (const [, name = '', value = ''] of text.matchAll(
      /<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g,
    )) {
      form.append(name, value);
    }
    form.append('stars', '4');
    expect([...form.keys()].some((name) => name.startsWith('$ACTION'))).toBe(true);
    const { line, all } = await visit('/rate', { method: 'POST', body: form, headers: { origin } });
    expect(line).toMatchObject({ method: 'POST', endpoint: '/rate', statusCode: 200, action: 'rate' });
    expect(all.find((record) => record['message'] === 'inside an action')).toMatchObject({ action: 'rate', stars: 4 });
  });

  it('does not believe a client about its address, its id or our own headers', async () => {
    const { response, text, line } = await visit('/api/restaurants/1', {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        'x-yumops-peer': '9.9.9.9',
        'x-yumops-client': '9.9.9.9',
        'x-request-id': 'chosen-by-client',
      },
    });
    expect(JSON.parse(text)).toEqual({ client: '127.0.0.1', peer: '127.0.0.1' });
    expect(line).toMatchObject({ ip: '127.0.0.1', clientRequestId: 'chosen-by-client' });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('continues a trace', async () => {
    const { line } = await visit('/', { headers: { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` } });
    expect(line).toMatchObject({ traceId: 'c'.repeat(32), parentSpanId: 'd'.repeat(16) });
  });

  it('serves both health reports and does not log them', async () => {
    const health = await fetch(`${origin}/api/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'healthy' }]);
    const direct = await fetch(`${origin}/api/health/detailed`);
    expect([200, 202, 503]).toContain(direct.status);
    const forwarded = await fetch(`${origin}/api/health/detailed`, { headers: { 'x-forwarded-for': '127.0.0.1' } });
    expect(forwarded.status).toBe(401);
    const token = await fetch(`${origin}/api/health/detailed`, {
      headers: { 'x-forwarded-for': '127.0.0.1', authorization: 'Bearer let-me-in' },
    });
    expect(await token.json()).toMatchObject({ version: '1.2.3', checks: { memory: { status: expect.any(String) } } });
    await visit('/');
    expect(recordsIn(stdout).some((record) => String(record['path']).startsWith('/api/health'))).toBe(false);
  });

  it('delivers its last records when it is stopped', async () => {
    const response = await fetch(`${origin}/about/last`);
    await response.text();
    const ended = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    await ended;
    const requestId = response.headers.get('x-request-id');
    const delivered = yumops.records.filter((record) => record['requestId'] === requestId);
    expect(delivered.map((record) => record['message'])).toEqual(
      expect.arrayContaining(['inside a page', 'GET /about/[slug] 200']),
    );
  });
});
