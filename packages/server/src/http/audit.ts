import { Readable } from 'node:stream';
import type { AuditHead } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { verifyAuditLog } from '../access/audit-chain.ts';
import { type AuditSelection, listAudit } from '../access/list-audit.ts';
import type { Db } from '../lib/db.ts';
import type { Guard } from './access.ts';
import { timeRange } from './time-range.ts';

const text = z.string().min(1).max(300).optional();
const selection = { actor: text, action: text, target: text, ...timeRange };
const item = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
const verdict = z.object({
  entries: z.number(),
  head: z.object({ position: z.number(), hash: z.string() }).nullable(),
  faults: z.array(z.object({ code: z.string(), message: z.string() })),
});
const EXPORT_PAGE = 1_000;

/** Who did what, and whether the log of it is whole; for administrators. */
export function auditRoutes(
  app: FastifyInstance,
  deps: { db: Db; guard: Guard; witness(): Promise<AuditHead | null> },
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('admin');
  const tags = ['access'];
  routes.get(
    '/api/v1/audit',
    {
      onRequest,
      schema: {
        summary: 'The audit log, newest first',
        tags,
        querystring: z.object({
          ...selection,
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
          cursor: z.string().max(20).optional(),
        }),
        response: { 200: z.object({ items: z.array(item), nextCursor: z.string().nullable() }) },
      },
    },
    ({ query: { limit, cursor, ...selected } }) => listAudit(deps.db, selected, { limit, cursor }),
  );
  routes.get(
    '/api/v1/audit/verify',
    {
      onRequest,
      schema: { summary: 'Follow the hash chain of the audit log', tags, response: { 200: verdict } },
    },
    async () => verifyAuditLog(deps.db, await deps.witness()),
  );
  routes.get(
    '/api/v1/audit.ndjson',
    { onRequest, schema: { summary: 'The audit log as NDJSON, newest first', tags, querystring: z.object(selection) } },
    async ({ query }, reply) =>
      reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines(deps.db, query))),
  );
}

async function* lines(db: Db, selected: AuditSelection): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await listAudit(db, selected, { limit: EXPORT_PAGE, cursor });
    yield items.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}
