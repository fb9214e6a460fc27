import type { BackupDetail, BackupsPage } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { audit } from '../access/audit.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../lib/db.ts';
import type { Guard } from './access.ts';

/** What the API shows of backups. Implemented in `main`. */
export interface BackupPages {
  page(limit: number, after: string | undefined): Promise<BackupsPage>;
  /** @throws YumOpsError `backup_unknown` */
  detail(id: string): Promise<BackupDetail>;
  /** Confirms that the recovery kit is kept. @returns the backups that it opens. @throws YumOpsError `kit_wrong` */
  confirmKit(name: string, typed: string, by: string): Promise<string[]>;
  /** The job that makes a backup, or a one-off of some schemas. @throws YumOpsError when there is none of that name, or no schemas */
  jobOf(name: string, isOneOff: boolean): string;
  /** The job that verifies a backup. @throws YumOpsError `backup_unknown` */
  verifyJobOf(id: string): string;
}

const byId = z.object({ id: z.string().min(1).max(200) });
const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  cursor: z.string().max(200).optional(),
});
const level = z.number().int().min(0).max(4).default(3).describe('0 present, 1 opens, 2 restores, 3 rows, 4 queries');
const from = z.string().min(1).max(200).optional().describe('The destination whose copy is meant, default the first');

interface BackupRouteDeps {
  pages: BackupPages;
  scheduler: Scheduler;
  guard: Guard;
  db: Queryable;
  clock: Clock;
}

const schemaName = z.string().min(1).max(63);
const making = z.object({
  name: z.string().min(1).max(200),
  schemas: z
    .array(schemaName)
    .min(1)
    .max(100)
    .optional()
    .describe('Only these schemas, once: stands in for no backup of the configuration; default all that is configured'),
});

const proof = z.object({
  name: z.string().min(1).max(200),
  proof: z.string().min(1).max(100).describe('The last 8 characters of the key in the recovery kit'),
});

/** Backups: what there is, how each is doing, and making or verifying one by hand. */
export function backupRoutes(app: FastifyInstance, { pages, scheduler, guard, db, clock }: BackupRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const read = guard('viewer');
  const act = guard('responder');

  routes.get('/api/v1/backups', { onRequest: read, schema: { querystring: pageQuery } }, ({ query }) =>
    pages.page(query.limit, query.cursor),
  );
  routes.get('/api/v1/backups/:id', { onRequest: read, schema: { params: byId } }, ({ params }) =>
    pages.detail(params.id),
  );
  routes.post('/api/v1/backups', { onRequest: act, schema: { body: making } }, async (request, reply) => {
    const { name, schemas } = request.body;
    const job = pages.jobOf(name, schemas !== undefined);
    const run = await scheduler.runNow(job, request.principal?.name ?? 'unknown', schemas && { schemas });
    return reply.code(202).send({ id: run.id, job: run.job, status: run.status });
  });
  routes.post(
    '/api/v1/backups/kit',
    { onRequest: guard('admin'), schema: { body: proof } },
    async ({ body, principal }) => {
      const actor = principal?.name ?? 'unknown';
      const confirmed = await pages.confirmKit(body.name, body.proof, actor);
      await audit(db, {
        at: clock.now(),
        actor,
        action: 'backup.confirm_kit',
        target: body.name,
        detail: { confirmed },
      });
      return { confirmed };
    },
  );
  routes.post(
    '/api/v1/backups/:id/verify',
    { onRequest: act, schema: { params: byId, body: z.object({ level, from }) } },
    async (request, reply) => {
      const { id } = request.params;
      const options = { id, ...request.body };
      const run = await scheduler.runNow(pages.verifyJobOf(id), request.principal?.name ?? 'unknown', options);
      return reply.code(202).send({ id: run.id, job: run.job, status: run.status });
    },
  );
}
