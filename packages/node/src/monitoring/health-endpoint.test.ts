import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import Router from '@koa/router';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { afterEach, expect, it } from 'vitest';
import { health } from './health.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const { readyz, healthz } = health({ filesystem: false, checks: [{ name: 'db', run: () => false, critical: true }] });

async function listen(server: Server): Promise<string> {
  closers.push(() => server.close().closeAllConnections());
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const frameworks: Record<string, () => Promise<string>> = {
  http: () =>
    listen(
      createServer((request, response) => (request.url?.startsWith('/readyz') ? readyz : healthz)(request, response)),
    ),
  Express: () => listen(createServer(express().get('/readyz', readyz).get('/healthz', healthz) as RequestListener)),
  Koa: () => {
    const router = new Router().get('/readyz', readyz).get('/healthz', healthz);
    return listen(createServer(new Koa().use(router.routes()).callback()));
  },
  Hono: async () => {
    const app = new Hono().get('/readyz', readyz).get('/healthz', healthz);
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    await expect.poll(() => server.listening).toBe(true);
    return listen(server);
  },
  Fastify: async () => {
    const app = Fastify();
    app.get('/readyz', readyz);
    app.get('/healthz', healthz);
    closers.push(() => app.close());
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
};

it.each(Object.keys(frameworks))('answers in %s', async (name) => {
  const origin = await (frameworks[name] as () => Promise<string>)();
  const ready = await fetch(`${origin}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([503, 'not ready\n']);
  // What is behind a proxy is nobody's private address.
  const proxied = await fetch(`${origin}/healthz`, { headers: { 'x-forwarded-for': '127.0.0.1' } });
  expect([proxied.status, proxied.headers.get('content-type'), await proxied.json()]).toEqual([
    ...[503, expect.stringContaining('application/health+json'), { status: 'fail' }],
  ]);
  const list = await (await fetch(`${origin}/readyz?verbose`)).text();
  // The adapter of Hono does not show the connection.
  if (name === 'Hono') expect(list).toBe('not ready\n');
  else expect(list).toContain('[-]db failed');
});
