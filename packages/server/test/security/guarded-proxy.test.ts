import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/engines/index.ts';
import { type GuardedProxy, startGuardedProxy } from '../../src/journeys/guarded-proxy.ts';

/** The address that journeys may call in this test; 127.0.0.1 stands for the inside. */
const OUTSIDE = '127.0.0.2';
const INSIDE = '127.0.0.1';

let site: { server: Server; port: number; seen: string[] };
let secret: { server: Server; port: number; seen: string[] };
let proxy: GuardedProxy;
let browser: Browser;
/** What names answer, the next answer first; the last stays. */
let names: Record<string, string[]>;

async function serve(host: string, location: () => string | undefined) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host} ${request.url}`);
    const target = request.url === '/away' ? location() : undefined;
    if (target !== undefined) response.writeHead(302, { location: target });
    response.end(`hello from ${host}`);
  });
  await new Promise<void>((ready) => server.listen(0, host, ready));
  return { server, port: (server.address() as AddressInfo).port, seen };
}

beforeAll(async () => {
  secret = await serve(INSIDE, () => undefined);
  site = await serve(OUTSIDE, () => `http://inside.test:${secret.port}/keys`);
  proxy = await startGuardedProxy({
    isAllowed: (address) => address === OUTSIDE,
    async resolve(host) {
      const answers = names[host] ?? [];
      const address = answers.length > 1 ? answers.shift() : answers[0];
      return address === undefined ? [] : [{ address, family: 4 }];
    },
  });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
    proxy: { server: proxy.url },
  });
});

beforeEach(() => {
  names = { 'outside.test': [OUTSIDE], 'inside.test': [INSIDE] };
  secret.seen.length = 0;
  site.seen.length = 0;
});

afterAll(async () => {
  await browser?.close();
  proxy.close();
  site.server.close();
  secret.server.close();
});

/** Opens an address in the browser. @returns what came, or why nothing did */
async function open(url: string): Promise<string> {
  const page = await browser.newPage();
  try {
    const answer = await page.goto(url);
    return `${answer?.status()} ${await page.innerText('body')}`;
  } catch (error) {
    return String(error);
  } finally {
    await page.close();
  }
}

test('a site that may be called is reached under its name', async () => {
  expect(await open(`http://outside.test:${site.port}/`)).toBe(`200 hello from ${OUTSIDE}`);
  expect(site.seen).toEqual(expect.arrayContaining([`GET outside.test:${site.port} /`]));
});

test('a name that turns inside between two looks leads nowhere, and the address that was judged is the one that is called', async () => {
  names['outside.test'] = [OUTSIDE, INSIDE];
  expect(await open(`http://outside.test:${site.port}/`)).toContain(`hello from ${OUTSIDE}`);
  expect(await open(`http://outside.test:${secret.port}/`)).toContain('ERR_SOCKS_CONNECTION_FAILED');
  expect(proxy.failureOf('outside.test', secret.port)).toBe('ERR_ACCESS_DENIED');
  expect(secret.seen).toEqual([]);
});

test.each([
  ['an address', INSIDE, () => `http://${INSIDE}:${secret.port}/`, 'ERR_ACCESS_DENIED'],
  ['a name', 'inside.test', () => `http://inside.test:${secret.port}/`, 'ERR_ACCESS_DENIED'],
  ['localhost', 'localhost', () => `http://localhost:${secret.port}/`, 'ERR_NAME_NOT_RESOLVED'],
  ['a redirect', 'inside.test', () => `http://outside.test:${site.port}/away`, 'ERR_ACCESS_DENIED'],
  ['TLS', 'inside.test', () => `https://inside.test:${secret.port}/`, 'ERR_ACCESS_DENIED'],
  ['IPv6', '::1', () => `http://[::1]:${secret.port}/`, 'ERR_ACCESS_DENIED'],
  ['a name without an address', 'no.test', () => `http://no.test:${secret.port}/`, 'ERR_NAME_NOT_RESOLVED'],
])('%s of the inside is refused, and gets no request', async (_, host, url, failure) => {
  expect(await open(url())).toContain('ERR_SOCKS_CONNECTION_FAILED');
  expect(proxy.failureOf(host, secret.port)).toBe(failure);
  expect(secret.seen).toEqual([]);
});

test('a site that is down is a failed connection, never a page', async () => {
  const port = await freePort();
  expect(await open(`http://outside.test:${port}/`)).toContain('ERR_SOCKS_CONNECTION_FAILED');
  expect(proxy.failureOf('outside.test', port)).toBe('ERR_CONNECTION_REFUSED');
});

test('scripts of a page get no further', async () => {
  const page = await browser.newPage();
  await page.goto(`http://outside.test:${site.port}/`);
  const tried = await page.evaluate(async (port) => {
    const fetched = await fetch(`http://inside.test:${port}/`, { mode: 'no-cors' }).then(String, String);
    const socket = await new Promise((done) => {
      const opened = new WebSocket(`ws://inside.test:${port}/`);
      opened.onopen = () => done('open');
      opened.onerror = () => done('error');
    });
    return [fetched, socket];
  }, secret.port);
  expect(tried[1]).toBe('error');
  expect(secret.seen).toEqual([]);
  await page.close();
});
