import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { FastifyInstance } from 'fastify';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rumRoutes } from '../../src/http/rum.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { startTestTelemetry, type TestTelemetry } from '../engines.ts';
import { silentLog, startTestIngest, until } from '../ingest.ts';

const sdk = fileURLToPath(new URL('../../../browser/src/index.ts', import.meta.url));

async function bundle(contents: string) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../../../..', import.meta.url)), loader: 'ts' },
    ...{ bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, splitting: true, outdir: 'out' },
    ...{ entryNames: 'app', chunkNames: '[name]-[hash]' },
  });
  return new Map(
    outputFiles.map(({ path, contents: bytes }) => [path.slice(path.lastIndexOf('/')), Buffer.from(bytes)]),
  );
}

describe('in a browser', () => {
  let store: TestTelemetry;
  let platform: FastifyInstance;
  let url: string;
  let site: Server;
  let origin: string;
  let browser: Browser;
  let stopIngest: () => Promise<void>;
  let answers = 204;

  beforeAll(async () => {
    store = await startTestTelemetry();
    const { ingest, stop } = await startTestIngest({ telemetry: store.telemetry });
    stopIngest = stop;
    platform = await createHttpServer({ log: silentLog, version: '0.0.0' });
    platform.addHook('onRequest', async (_request, reply) => {
      if (answers !== 204) await reply.code(answers).send();
    });
    await rumRoutes(platform, {
      ingest,
      findIngestKey: async (secret) => (secret === 'web' ? { scope: 'public', project: '7' } : undefined),
    });
    url = await platform.listen({ port: 0, host: '127.0.0.1' });
    const files = await bundle(`
      import { init } from ${JSON.stringify(sdk)};
      const given = new URLSearchParams(location.search);
      window.monitor = init({ url: ${JSON.stringify(url)}, key: 'web', service: 'shop', release: '1.2.3',
        attributionRate: given.has('attribution') ? 1 : 0, consent: () => !given.has('refuse'), forward: given.has('forward'), route: () => '/menu/:id' });
    `);
    site = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://site').pathname;
      if (path.startsWith('/api/')) {
        response.setHeader('x-trace', request.headers.traceparent ?? '');
        response.statusCode = path.endsWith('/broken') ? 503 : 200;
        response.end('{}');
        return;
      }
      const file = files.get(path);
      response.setHeader('content-type', file ? 'text/javascript' : 'text/html');
      response.end(
        file ??
          '<!doctype html><title>Menu</title><h1>Menu</h1><button>Rate</button><script type="module" src="/app.js"></script>',
      );
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    });
  });

  afterAll(async () => {
    await browser?.close();
    site?.close();
    await platform?.close();
    await stopIngest?.();
    await store?.stop();
  });

  async function open(query = '') {
    const context = await browser.newContext();
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(`${origin}/menu/9${query}`);
    await page.waitForFunction("'monitor' in window");
    const sent: string[] = [];
    page.on('request', (request) => request.url().endsWith('/rum') && sent.push(request.url()));
    return { page, context, faults, sent };
  }

  /** The session's id, which is asked for when the page is idle. */
  async function sessionOf(page: Page): Promise<string> {
    await page.waitForFunction("sessionStorage.getItem('yumops.session') !== null");
    return String(await page.evaluate("sessionStorage.getItem('yumops.session').split('.')[0]"));
  }

  const rows = (relation: string, session: string, count: number) =>
    until(async () => {
      const where = relation === 'error_events' ? 'userId' : 'sessionId';
      const value = relation === 'error_events' ? `session:${session}` : session;
      const found = await store.telemetry.query(
        `SELECT * FROM ${relation} WHERE ${where} = {v:String} ORDER BY timestamp`,
        { v: value },
      );
      return found.length >= count && found;
    });

  it('passes vitals and API calls on to GA4 and Mixpanel where the page wants it, and to nobody without consent', async () => {
    const passedOn = async (query: string) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(`
        window.ga = []; window.mp = [];
        window.gtag = (...call) => window.ga.push(call);
        window.mixpanel = { track: (...call) => window.mp.push(call) };`);
      await page.goto(`${origin}/menu/9?${query}`);
      await page.waitForFunction("'monitor' in window");
      await page.getByRole('button').click();
      await page.evaluate("fetch('/api/restaurants/42?token=secret').then((answer) => answer.text())");
      // What a page still has to tell, it tells when it is hidden.
      await page.evaluate(
        `Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
         document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));`,
      );
      if (query === 'forward') await page.waitForFunction("window.ga.some(([, name]) => name === 'LCP')");
      const calls = await page.evaluate('({ ga: window.ga, mp: window.mp })');
      await context.close();
      return calls as { ga: [string, string, Record<string, unknown>][]; mp: [string, Record<string, unknown>][] };
    };
    const { ga, mp } = await passedOn('forward');
    const lcp = ga.find(([, name]) => name === 'LCP');
    expect(lcp).toEqual([
      ...['event', 'LCP'],
      { value: expect.any(Number), metric_id: expect.any(String), metric_rating: 'good', non_interaction: true },
    ]);
    expect(Number.isInteger(lcp?.[2]['value'])).toBe(true);
    expect(mp).toContainEqual(['web_vital', expect.objectContaining({ name: 'LCP', rating: 'good' })]);
    const call = mp.find(([name]) => name === 'api_response_time');
    expect(call?.[1]).toMatchObject({
      name: expect.stringContaining('/api/restaurants/'),
      method: 'GET',
      success: true,
    });
    expect(JSON.stringify([ga, mp])).not.toContain('secret');
    expect(await passedOn('')).toEqual({ ga: [], mp: [] });
    expect(await passedOn('forward&refuse')).toEqual({ ga: [], mp: [] });
  });

  it('sends vitals, the page load, API calls and errors, also when the page closes at once', async () => {
    const { page, context } = await open('?attribution');
    const session = await sessionOf(page);
    await page.getByRole('button').click();
    const trace = await page.evaluate(`(async () => {
      const answer = await fetch('/api/restaurants/42?token=secret');
      await fetch('/api/broken').catch(() => undefined);
      await new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open('POST', '/api/ratings');
        request.onloadend = resolve;
        request.send('{}');
      });
      setTimeout(() => {
        throw new TypeError('menu is undefined');
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      return answer.headers.get('x-trace');
    })()`);
    await page.goto('about:blank');
    await context.close();
    const vitals = await rows('web_vitals', session, 4);
    expect(vitals.map(({ name }) => name)).toEqual(expect.arrayContaining(['FCP', 'LCP', 'TTFB', 'CLS']));
    expect(vitals[0]).toMatchObject({
      route: '/menu/:id',
      url: '/menu/9',
      device: 'desktop',
      service: 'shop',
      release: '1.2.3',
      project: '7',
      rating: 'good',
    });
    expect(vitals.find(({ name }) => name === 'LCP')).toMatchObject({
      attribution: expect.stringContaining('elementRenderDelay'),
    });
    const timings = await rows('browser_timings', session, 4);
    expect(timings.find(({ kind }) => kind === 'page_load_timing')).toMatchObject({
      name: 'navigate',
      totalLoadTime: expect.any(Number),
    });
    const calls = timings.filter(({ kind }) => kind === 'api_response_time');
    expect(calls.map(({ name, method, statusCode, success }) => [name, method, statusCode, success])).toEqual([
      ['/api/restaurants/:id', 'GET', 200, true],
      ['/api/broken', 'GET', 503, false],
      ['/api/ratings', 'POST', 200, true],
    ]);
    expect(trace).toContain(String(calls[0]?.['traceId']));
    const [error] = await rows('error_events', session, 1);
    expect(error).toMatchObject({
      type: 'TypeError',
      message: 'menu is undefined',
      handled: false,
      release: '1.2.3',
      transaction: '/menu/:id',
    });
  });

  it('sends and keeps nothing without consent', async () => {
    const { page, context, sent } = await open('?refuse');
    await page.evaluate("monitor.trackTiming('x', 5)");
    await page.evaluate('monitor.flush()');
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
    await page.goto('about:blank');
    expect(sent).toEqual([]);
    await context.close();
  });

  it('starts in a moment, and loses nothing of a page that closes before it is idle', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    // A page that is never idle.
    await page.addInitScript('window.requestIdleCallback = () => 1;');
    await page.goto(`${origin}/menu/9`);
    await page.waitForFunction("'monitor' in window && document.readyState === 'complete'");
    expect(await page.evaluate('Object.keys(sessionStorage).length')).toBe(0);
    await page.evaluate("fetch('/api/restaurants/42').then((answer) => answer.text())");
    await page.evaluate("monitor.captureError(new RangeError('too many plates'))");
    await page.goto(`${origin}/menu/10`);
    const session = await sessionOf(page);
    const names = async (relation: string, column: string) =>
      (await rows(relation, session, 1)).map((row) => row[column]);
    expect(await names('error_events', 'type')).toEqual(['RangeError']);
    expect(await names('browser_timings', 'name')).toContain('/api/restaurants/:id');
    expect(await names('web_vitals', 'name')).toContain('FCP');
    await context.close();
  });

  it('leaves the page alone while the platform is broken', async () => {
    answers = 500;
    const { page, context, faults } = await open();
    const status = await page.evaluate("fetch('/api/restaurants/1').then(({ status }) => status)");
    await page.evaluate('monitor.flush()');
    expect([status, faults]).toEqual([200, []]);
    await context.close();
    answers = 204;
  });
});

it('its core is at most 8 KB, web-vitals included, and attribution a chunk of its own of at most 6 KB', async () => {
  const files = await bundle(`import { init } from ${JSON.stringify(sdk)}; init({ url: '' });`);
  const sizes = [...files].map(([name, bytes]) => [name, gzipSync(bytes, { level: 9 }).length] as const);
  const core = sizes.filter(([name]) => !name.includes('attribution')).reduce((sum, [, bytes]) => sum + bytes, 0);
  const lazy = sizes.filter(([name]) => name.includes('attribution')).reduce((sum, [, bytes]) => sum + bytes, 0);
  expect(core).toBeLessThanOrEqual(8 * 1024);
  expect(lazy).toBeGreaterThan(0);
  expect(lazy).toBeLessThanOrEqual(6 * 1024);
});
