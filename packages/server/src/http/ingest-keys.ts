import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { createIngestKey, listIngestKeys, revokeIngestKey } from '../access/ingest-keys.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { refuseBeyond } from '../lib/reach.ts';
import { type Guard, reachOf } from './access.ts';

/** `https://shop.example`, or `https://*.shop.example` for all that lie below a domain. */
const origin = z
  .string()
  .max(300)
  .regex(/^https?:\/\/(?:\*\.)?[a-z0-9.-]+(?::\d{1,5})?$/, 'expected an origin such as https://shop.example');

const request = z
  .object({
    scope: z.enum(['public', 'server']),
    project: z.string().regex(/^\d{1,9}$/),
    origins: z.array(origin).max(100).default([]),
    name: z.string().min(1).max(100).optional().describe('What it is for'),
  })
  .refine(({ scope, origins }) => scope === 'public' || origins.length === 0, {
    message: 'only a public key has origins: servers send none',
  });

const item = z.object({
  id: z.string(),
  name: z.string().nullable(),
  scope: z.enum(['public', 'server', 'all']),
  project: z.string().nullable(),
  origins: z.array(z.string()),
  createdAt: z.string(),
  createdBy: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});

/** Keys of senders: made, listed without their secrets, revoked; for administrators. */
export function ingestKeyRoutes(app: FastifyInstance, deps: { db: Db; guard: Guard; clock: Clock }): void {
  const { db, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('admin', 'project');
  const tags = ['access'];
  const by = ({ principal }: { principal?: { name: string } }) => ({
    ...{ actor: principal?.name ?? 'unknown', now: clock.now() },
  });
  routes.post(
    '/api/v1/ingest-keys',
    {
      onRequest,
      schema: {
        summary: 'Make a key for senders; the secret is shown once',
        tags,
        body: request,
        response: { 201: z.object({ id: z.string(), secret: z.string() }) },
      },
    },
    async (asked, reply) => {
      refuseBeyond(reachOf(asked), asked.body.project);
      return reply.code(201).send(await createIngestKey(db, { ...asked.body, ...by(asked) }));
    },
  );
  routes.get(
    '/api/v1/ingest-keys',
    {
      onRequest,
      schema: {
        summary: 'List keys of senders, without their secrets',
        tags,
        response: { 200: z.object({ items: z.array(item), nextCursor: z.null() }) },
      },
    },
    async (asked) => ({ items: await listIngestKeys(db, reachOf(asked)), nextCursor: null }),
  );
  routes.delete(
    '/api/v1/ingest-keys/:id',
    {
      onRequest,
      schema: {
        summary: 'Revoke a key of senders at once, on every instance',
        tags,
        params: z.object({ id: z.string().regex(/^\d{1,18}$/) }),
      },
    },
    async (asked, reply) => {
      await revokeIngestKey(db, { id: asked.params.id, reach: reachOf(asked), ...by(asked) });
      return reply.code(204).send();
    },
  );
}
