import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { createHttpServer } from './server.ts';

let app: FastifyInstance;
beforeAll(async () => {
  app = await createHttpServer({ log: createLog(systemClock, () => undefined), version: '0' });
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const options = z.object({ dry: z.boolean().optional() });
  routes.post('/run', { schema: { body: options.optional() } }, async ({ body }) => ({ body }));
  routes.post('/declare', { schema: { body: z.object({ title: z.string() }) } }, async ({ body }) => ({ body }));
  routes.delete('/one', {}, async () => ({ gone: true }));
});
afterAll(() => app.close());

const JSON_TYPE = { 'content-type': 'application/json' };

test.each([
  ['POST', '/run', {}, '', 200],
  ['POST', '/run', JSON_TYPE, '', 200],
  ['POST', '/run', JSON_TYPE, '{"dry":true}', 200],
  ['DELETE', '/one', {}, '', 200],
  ['DELETE', '/one', JSON_TYPE, '', 200],
] as const)('%s %s with %o and %j is answered', async (method, url, headers, payload, status) => {
  const answer = await app.inject({ method, url, headers, ...(payload !== '' && { payload }) });
  expect([answer.statusCode, answer.body]).toEqual([status, expect.not.stringContaining('error')]);
});

test.each([
  [{}, '', 'invalid_request', 'title: '],
  [JSON_TYPE, '', 'invalid_request', 'title: '],
  [JSON_TYPE, '{"title"', 'invalid_json', 'not valid JSON'],
  [{ 'content-type': 'text/csv' }, 'a,b', 'unsupported_media_type', 'Media Type'],
])('what a route needs is named: %o %j', async (headers, payload, code, message) => {
  const answer = await app.inject({ method: 'POST', url: '/declare', headers, ...(payload !== '' && { payload }) });
  const { error } = answer.json();
  expect(error).toMatchObject({ code, message: expect.stringContaining(message), hint: expect.any(String) });
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
});
