import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { eraseSubject, exportState, exportTelemetry, listExport } from '../access/personal-data/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { RELATIONS } from '../observe/logs/index.ts';
import type { Guard } from './access.ts';

const subject = z.object({ kind: z.enum(['user', 'ip']), value: z.string().min(1).max(300) });
const counts = z.record(z.string(), z.number());
const receipt = z.object({
  id: z.string(),
  at: z.string(),
  subject: z.string().describe('SHA-256 of `kind:value`'),
  removed: counts,
  replaced: counts,
  remains: z.array(z.string()),
});
const contents = z.object({ telemetry: z.array(z.string()), state: z.array(z.string()) });
const DRAIN_MS = 30_000;

export interface PersonalDataDeps {
  db: Db;
  telemetry: TelemetryStore;
  guard: Guard;
  clock: Clock;
  /** What stands for an account in security events. */
  pseudonym(account: string): string;
  /** Seconds since the oldest record came that is not in the store. */
  lagSeconds(): number;
}

/** What the platform knows, to take along, and of whom it must forget; for administrators. */
export function personalDataRoutes(app: FastifyInstance, deps: PersonalDataDeps): void {
  const { db, telemetry, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('admin');
  const tags = ['access'];
  routes.post(
    '/api/v1/erasures',
    {
      onRequest,
      schema: { summary: "Erase a person's data, or an address", tags, body: subject, response: { 200: receipt } },
    },
    async ({ body, principal }) =>
      eraseSubject({ db, telemetry, pseudonym: deps.pseudonym, drained: () => drained(deps) }, body, {
        actor: principal?.name ?? 'unknown',
        now: clock.now(),
      }),
  );
  routes.get(
    '/api/v1/export',
    { onRequest, schema: { summary: 'What an export is made of', tags, response: { 200: contents } } },
    async () => listExport(db, [...RELATIONS]),
  );
  routes.get(
    '/api/v1/export/telemetry/:relation',
    {
      onRequest,
      schema: { summary: 'A relation as NDJSON', tags, params: z.object({ relation: z.string().max(100) }) },
    },
    async ({ params: { relation } }, reply) => {
      if (!RELATIONS.has(relation)) {
        throw new YumOpsError('unknown_relation', `There is no relation "${relation}".`, {
          hint: 'GET /api/v1/export lists them.',
          status: 404,
        });
      }
      return reply
        .type('application/x-ndjson; charset=utf-8')
        .send(Readable.from(exportTelemetry(telemetry, relation)));
    },
  );
  routes.get(
    '/api/v1/export/state/:table',
    {
      onRequest,
      schema: { summary: 'A table of the state as NDJSON', tags, params: z.object({ table: z.string().max(100) }) },
    },
    async ({ params: { table } }, reply) => {
      const { state } = await listExport(db, []);
      if (!state.includes(table)) {
        throw new YumOpsError('unknown_table', `There is no table "${table}".`, { status: 404 });
      }
      return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(exportState(db, table)));
    },
  );
}

/** Whether all that had come by now is stored, after a wait of half a minute at most. */
async function drained({ clock, lagSeconds }: PersonalDataDeps): Promise<boolean> {
  const begun = clock.monotonic();
  while (lagSeconds() * 1_000 > clock.monotonic() - begun) {
    if (clock.monotonic() - begun > DRAIN_MS) return false;
    await new Promise<void>((resolve) => clock.after(100, resolve));
  }
  return true;
}
