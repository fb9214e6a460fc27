import type { Connections, DatabaseFindings, DatabaseItem, DatabaseSeverity, Waits } from '@yumops/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  type AdministeredDatabase,
  asFinding,
  checkDatabase,
  type DatabaseConfig,
  type DatabaseFinding,
  type DatabaseWatch,
  type Growth,
  type LatestFindings,
  normaliseQuery,
  readActivity,
  readChanges,
  readConnectionHistory,
  readConnections,
  readGrowth,
  readHistory,
  readIndexes,
  readLoads,
  readLocks,
  readPlan,
  readServerLoad,
  readStatements,
  readTables,
  readWaits,
  sameStatement,
  signalSession,
  UNKNOWN_GROWTH,
  unreachable,
} from '../care/database/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { messageOf, YumOpsError } from '../lib/errors.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import type { Guard } from './access.ts';

export interface DatabasesDeps {
  guard: Guard;
  clock: Clock;
  db: Db;
  telemetry: TelemetryStore;
  watch: Pick<DatabaseWatch, 'remembered' | 'lately' | 'activity'>;
  /** What the last look at a database found, whichever instance looked. */
  latest(name: string): LatestFindings | undefined;
  databases(): readonly DatabaseConfig[];
  /** Works with a database by its monitoring role, or by that of maintenance where there is one. */
  withDatabase<Result>(
    database: DatabaseConfig,
    role: 'monitoring' | 'maintenance',
    work: (db: AdministeredDatabase) => Promise<Result>,
  ): Promise<Result>;
  maintenanceStatus(name: string): Promise<DatabaseItem['maintenance']>;
  audit(
    tx: Pick<Db, 'query'>,
    entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
  ): Promise<void>;
}

const name = z.object({ name: z.string().min(1).max(200) });
/** Statements of a span that one text is looked for in. */
const MOST_LOADS = 5_000;
const list = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) });
const span = list.extend({
  from: z.coerce.number().int().nonnegative().optional().describe('ms since the epoch, default an hour before `to`'),
  to: z.coerce.number().int().nonnegative().optional().describe('ms since the epoch, default now'),
});
const loads = span.extend({
  text: z.string().max(10_000).optional().describe('only the statement with this text, whatever its values'),
});
const grouped = span.extend({ by: z.enum(['user', 'application', 'state']).default('state') });
const statement = name.extend({ id: z.string().regex(/^-?\d{1,20}$/) });
const session = name.extend({
  pid: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
});
const meant = z.object({
  since: z.string().max(40).describe('When the session connected, as the activity tells'),
  reason: z.string().max(1_000).default(''),
});

const HOUR = 3_600_000;
/** How far back changes are shown when nobody says how far. */
const CHANGES = 30 * 24 * HOUR;

function find({ databases }: DatabasesDeps, wanted: string): DatabaseConfig {
  const database = databases().find((one) => one.name === wanted);
  if (database) return database;
  throw new YumOpsError('not_found', `There is no database "${wanted}" in the configuration.`, {
    hint: 'Add it to yumops.yml under databases.',
    status: 404,
  });
}

function countsOf(findings: readonly DatabaseFinding[]): Record<DatabaseSeverity, number> {
  const counts = { critical: 0, warning: 0, unknown: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

/** The databases of the application: findings, statements, sessions, tables and indexes. */
export function databaseRoutes(app: FastifyInstance, deps: DatabasesDeps): void {
  findingRoutes(app, deps);
  statementRoutes(app, deps);
  timelineRoutes(app, deps);
  loadRoutes(app, deps);
  objectRoutes(app, deps);
  sessionRoutes(app, deps);
}

function findingRoutes(app: FastifyInstance, deps: DatabasesDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer');
  const { watch, clock } = deps;

  routes.get('/api/v1/databases', { onRequest, schema: {} }, async () => {
    const items = deps.databases().map(async (database): Promise<DatabaseItem> => {
      const latest = deps.latest(database.name);
      return {
        name: database.name,
        profile: database.profile,
        checkedAt: latest?.at ?? null,
        counts: countsOf(latest?.findings ?? []),
        maintenance: await deps.maintenanceStatus(database.name),
      };
    });
    return { items: await Promise.all(items), nextCursor: null };
  });
  routes.get('/api/v1/databases/:name/findings', { onRequest, schema: { params: name } }, async ({ params }) => {
    const latest = deps.latest(find(deps, params.name).name);
    return { at: latest?.at ?? null, items: [...(latest?.findings ?? [])] } satisfies DatabaseFindings;
  });
  routes.post('/api/v1/databases/:name/check', { onRequest, schema: { params: name } }, async ({ params }) => {
    const database = find(deps, params.name);
    const watched = watch.remembered(database.name);
    const items = await deps
      .withDatabase(database, 'monitoring', (db) =>
        checkDatabase(database, db, {
          watched,
          lately: () => watch.lately(database.name),
          activity: () => watch.activity(database.name),
        }),
      )
      .catch((error: unknown) => [asFinding(database.name, unreachable(database.name, error))]);
    return { at: clock.now(), items } satisfies DatabaseFindings;
  });
}

function statementRoutes(app: FastifyInstance, deps: DatabasesDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer');
  const { telemetry, clock } = deps;
  const spanOf = ({ from, to = clock.now() }: { from?: number | undefined; to?: number | undefined }) => ({
    from: from ?? to - HOUR,
    to,
  });

  routes.get(
    '/api/v1/databases/:name/queries',
    { onRequest, schema: { params: name, querystring: loads } },
    async ({ params, query: { text, limit, ...query } }) => {
      const items = await readLoads(telemetry, find(deps, params.name).name, spanOf(query), text ? MOST_LOADS : limit);
      return {
        items: text ? items.filter((item) => sameStatement(item.query, normaliseQuery(text))) : items,
        nextCursor: null,
      };
    },
  );
  routes.get(
    '/api/v1/databases/:name/queries/:id',
    { onRequest, schema: { params: statement, querystring: span } },
    async ({ params, query }) => {
      const items = await readHistory(telemetry, find(deps, params.name).name, params.id, spanOf(query));
      return { items, nextCursor: null };
    },
  );
  routes.get(
    '/api/v1/databases/:name/queries/:id/plan',
    { onRequest, schema: { params: statement } },
    async ({ params }) => deps.withDatabase(find(deps, params.name), 'maintenance', (db) => readPlan(db, params.id)),
  );
  routes.get(
    '/api/v1/databases/:name/statements',
    { onRequest, schema: { params: name, querystring: list, summary: 'Statements since the statistics were reset' } },
    async ({ params, query }) => {
      const read = (db: AdministeredDatabase) => readStatements(db, query.limit);
      return { items: await deps.withDatabase(find(deps, params.name), 'monitoring', read), nextCursor: null };
    },
  );
}

/** What only shows over time: what sessions waited for, and how the catalogue changed. */
function timelineRoutes(app: FastifyInstance, deps: DatabasesDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer');
  const { telemetry, clock, db } = deps;

  routes.get(
    '/api/v1/databases/:name/waits',
    { onRequest, schema: { params: name, querystring: span, summary: 'What sessions waited for, by event' } },
    async ({ params, query: { from, to = clock.now() } }) =>
      readWaits(telemetry, find(deps, params.name).name, { from: from ?? to - HOUR, to }) satisfies Promise<Waits>,
  );
  routes.get(
    '/api/v1/databases/:name/changes',
    { onRequest, schema: { params: name, querystring: span, summary: 'Changes of schema, settings and rights' } },
    async ({ params, query: { from, to = clock.now() + 1, limit } }) => {
      const database = find(deps, params.name).name;
      return { items: await readChanges(db, { database, from: from ?? to - CHANGES, to, limit }), nextCursor: null };
    },
  );
}

/** What the server of a database did, and who was connected. */
function loadRoutes(app: FastifyInstance, deps: DatabasesDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer');
  const { telemetry, clock } = deps;

  routes.get(
    '/api/v1/databases/:name/server',
    { onRequest, schema: { params: name, querystring: span, summary: 'What the server did, and its disk' } },
    async ({ params, query: { from, to = clock.now() } }) =>
      readServerLoad(telemetry, find(deps, params.name).name, { from: from ?? to - HOUR, to }),
  );
  routes.get(
    '/api/v1/databases/:name/connections',
    { onRequest, schema: { params: name, querystring: grouped, summary: 'Who is connected, now and in a span' } },
    async ({ params, query: { from, to = clock.now(), by } }): Promise<Connections> => {
      const database = find(deps, params.name);
      const now = await deps.withDatabase(database, 'monitoring', readConnections);
      const points = await readConnectionHistory(telemetry, database.name, { from: from ?? to - HOUR, to }, by);
      return { ...now, points };
    },
  );
}

/** Rows with how they grow, by the samples of the store. */
async function withGrowth<Row>(
  { telemetry, clock }: DatabasesDeps,
  database: string,
  kind: 'table' | 'index',
  { rows, name: nameOf }: { rows: readonly Row[]; name(row: Row): string },
): Promise<(Row & Growth)[]> {
  const growth = await readGrowth(telemetry, database, { kind, objects: rows.map(nameOf), at: clock.now() });
  return rows.map((row) => ({ ...row, ...(growth.get(nameOf(row)) ?? UNKNOWN_GROWTH) }));
}

function objectRoutes(app: FastifyInstance, deps: DatabasesDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const asked = { onRequest: deps.guard('viewer'), schema: { params: name, querystring: list } };
  const ofWhom = list.extend({ traceId: z.string().max(32).optional(), requestId: z.string().max(200).optional() });

  routes.get('/api/v1/databases/:name/tables', asked, async ({ params, query }) => {
    const database = find(deps, params.name);
    const read = (db: AdministeredDatabase) => readTables(db, database.profile, query.limit);
    const rows = await deps.withDatabase(database, 'monitoring', read);
    const items = await withGrowth(deps, database.name, 'table', { rows, name: ({ table }) => table });
    return { items, nextCursor: null };
  });
  routes.get('/api/v1/databases/:name/indexes', asked, async ({ params, query }) => {
    const database = find(deps, params.name);
    const read = (db: AdministeredDatabase) => readIndexes(db, database.profile, query.limit);
    const rows = await deps.withDatabase(database, 'monitoring', read);
    const items = await withGrowth(deps, database.name, 'index', { rows, name: ({ index }) => index });
    return { items, nextCursor: null };
  });
  const activity = { ...asked, schema: { params: name, querystring: ofWhom } };
  routes.get('/api/v1/databases/:name/activity', activity, async ({ params, query: { limit, traceId, requestId } }) => {
    const read = (db: AdministeredDatabase) => readActivity(db, limit);
    const sessions = await deps.withDatabase(find(deps, params.name), 'monitoring', read);
    const items = sessions
      .filter((session) => traceId === undefined || session.traceId === traceId)
      .filter((session) => requestId === undefined || session.requestId === requestId);
    return { items, nextCursor: null };
  });
  routes.get('/api/v1/databases/:name/locks', asked, async ({ params }) => ({
    items: await deps.withDatabase(find(deps, params.name), 'monitoring', readLocks),
    nextCursor: null,
  }));
}

function sessionRoutes(app: FastifyInstance, deps: DatabasesDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const { db: state, audit, clock } = deps;
  const actor = (request: FastifyRequest) => request.principal?.name ?? 'unknown';

  for (const [signal, role] of [
    ['cancel', 'responder'],
    ['terminate', 'admin'],
  ] as const) {
    routes.post(
      `/api/v1/databases/:name/activity/:pid/${signal}`,
      { onRequest: deps.guard(role), schema: { params: session, body: meant } },
      async (request, reply) => {
        const { params, body } = request;
        const database = find(deps, params.name);
        const entry = (action: string, detail: Record<string, unknown>) => {
          const target = `${database.name}: pid ${params.pid}`;
          return { at: clock.now(), actor: actor(request), action, target, detail };
        };
        // First the audit log: what is not written down does not happen.
        await audit(state, entry(`session.${signal}`, { since: body.since, reason: body.reason }));
        try {
          await deps.withDatabase(database, 'maintenance', (db) =>
            signalSession(db, signal, { pid: params.pid, since: body.since }),
          );
        } catch (error) {
          await audit(state, entry(`session.${signal}.refused`, { since: body.since, error: messageOf(error) }));
          throw error;
        }
        return reply.code(204).send();
      },
    );
  }
}
