import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readDemoInbox } from '../demo/inbox-store.ts';
import type { Db } from '../lib/db.ts';
import type { Guard } from './access.ts';

const list = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) });

/** What the local demo inbox received; only registered where it runs. */
export function demoInboxRoutes(app: FastifyInstance, deps: { db: Db; guard: Guard }): void {
  app
    .withTypeProvider<ZodTypeProvider>()
    .get(
      '/api/v1/demo-inbox',
      { onRequest: deps.guard('viewer'), schema: { querystring: list } },
      async ({ query }) => ({ items: await readDemoInbox(deps.db, query.limit), nextCursor: null }),
    );
}
