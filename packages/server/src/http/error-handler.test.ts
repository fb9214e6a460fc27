import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../../test/ingest.ts';
import { createHttpServer } from './server.ts';

const app = await createHttpServer({ log: silentLog, version: 'test' });
app.withTypeProvider<ZodTypeProvider>().post(
  '/projects/:project',
  {
    schema: {
      params: z.object({ project: z.string().regex(/^\d+$/, 'a project is a number') }),
      querystring: z.object({ limit: z.coerce.number('a limit is a number').optional() }),
      body: z.object({ name: z.object({ first: z.string('a name is a text') }) }),
    },
  },
  async () => 'fine',
);

test.each([
  ['/projects/shop', { name: { first: 'a' } }, 'project: a project is a number'],
  ['/projects/1?limit=all', { name: { first: 'a' } }, 'limit: a limit is a number'],
  ['/projects/1', { name: { first: 1 } }, 'name.first: a name is a text'],
])('%s with %j is refused in plain words', async (url, payload, message) => {
  const answer = await app.inject({ method: 'POST', url, payload });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ error: { code: 'invalid_request', message } });
});
