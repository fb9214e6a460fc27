import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { type Reach, reaches } from '../lib/reach.ts';
import type { Tail } from '../observe/ingest/index.ts';
import {
  type LogFollower,
  type LogSearch,
  type LogSelection,
  parseLogQuery,
  toMatcher,
} from '../observe/logs/index.ts';
import { type Guard, reachOf } from './access.ts';
import { EventStream, endWithServer } from './event-stream.ts';
import { readInstant } from './time-range.ts';

export interface LogsRouteDeps {
  /** The reader of what is within a reach. */
  search(reach: Reach): LogSearch;
  tail: Pick<Tail, 'subscribe'>;
  /** Whether other instances take in records too; then what reaches the store is shown. Left out = none does. */
  elsewhere?(): boolean;
  /** Shows records as they reach the store. @returns ends it */
  stored?(query: string, follower: LogFollower, reach: Reach): () => void;
  guard: Guard;
  clock: Clock;
}

const HOUR = 3_600_000;

const selection = z.object({
  q: z.string().max(4_096).default(''),
  from: z.string().max(40).optional(),
  to: z.string().max(40).optional(),
});

const row = z.object({
  id: z.string(),
  timestamp: z.string(),
  level: z.string(),
  message: z.string(),
  service: z.string(),
  type: z.string().nullable(),
  endpoint: z.string().nullable(),
  method: z.string().nullable(),
  statusCode: z.number().nullable(),
  duration: z.number().nullable(),
  requestId: z.string().nullable(),
  traceId: z.string().nullable(),
});

const allFields = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const attributes = z.record(z.string(), z.string());

const page = z.object({
  items: z.array(row.extend({ fields: allFields.optional(), attributes: attributes.optional() })),
  nextCursor: z.string().nullable(),
  elapsedMs: z.number(),
});

const context = z.object({ row, before: z.array(row), after: z.array(row) });

const detail = row.extend({ fields: allFields, attributes });

const histogram = z.object({
  from: z.string(),
  to: z.string(),
  stepMs: z.number(),
  levels: z.array(z.string()),
  counts: z.record(z.string(), z.array(z.number())),
  total: z.number(),
  elapsedMs: z.number(),
});

const fields = z.object({
  fields: z.array(z.object({ name: z.string(), values: z.array(z.object({ value: z.string(), count: z.number() })) })),
});

const patterns = z.object({
  items: z.array(
    z.object({ template: z.string(), count: z.number(), errors: z.number(), example: z.string(), q: z.string() }),
  ),
  lines: z.number(),
  total: z.number(),
  elapsedMs: z.number(),
});

/** The log page: search, one record, volume, fields, live tail. */
export function logsRoutes(app: FastifyInstance, deps: LogsRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const { clock } = deps;
  const search = (request: FastifyRequest) => deps.search(reachOf(request));
  const onRequest = deps.guard('viewer', 'project');
  const tags = ['logs'];

  routes.get(
    '/api/v1/logs',
    {
      onRequest,
      schema: {
        summary: 'Search the log, newest first',
        tags,
        querystring: selection.extend({
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
          cursor: z.string().max(400).optional(),
          whole: z.stringbool().default(false).describe('Every column and the attributes too'),
        }),
        response: { 200: page },
      },
    },
    async (request, reply) => {
      const { limit, cursor, whole } = request.query;
      return search(request).page({ ...toSelection(request.query, clock, reply), whole }, limit, cursor);
    },
  );
  routes.get(
    '/api/v1/logs/histogram',
    {
      onRequest,
      schema: {
        summary: 'Count log records by level over time',
        tags,
        querystring: selection.extend({ buckets: z.coerce.number().int().min(1).max(500).default(60) }),
        response: { 200: histogram },
      },
    },
    async (request, reply) =>
      search(request).histogram(toSelection(request.query, clock, reply), request.query.buckets),
  );
  routes.get(
    '/api/v1/logs/fields',
    {
      onRequest,
      schema: {
        summary: 'List the fields of log records with their commonest values',
        tags,
        querystring: selection,
        response: { 200: fields },
      },
    },
    async (request, reply) => search(request).fields(toSelection(request.query, clock, reply)),
  );
  routes.get(
    '/api/v1/logs/patterns',
    {
      onRequest,
      schema: {
        summary: 'List the forms that messages have in common',
        tags,
        querystring: selection,
        response: { 200: patterns },
      },
    },
    async (request, reply) => search(request).patterns(toSelection(request.query, clock, reply)),
  );
  tailRoute(app, deps);
  recordRoutes(app, deps);
}

function recordRoutes(app: FastifyInstance, { search, guard }: LogsRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  const tags = ['logs'];
  const params = z.object({ id: z.string().max(100) });
  const count = z.coerce.number().int().min(0).max(500).default(10);
  const found = <Answer>(answer: Answer | undefined, id: string): Answer => {
    if (answer) return answer;
    throw new YumOpsError('not_found', `There is no log record ${id}.`, { status: 404 });
  };
  routes.get(
    '/api/v1/logs/:id/context',
    {
      onRequest,
      schema: {
        summary: 'Get the lines before and after a log record, of its service or of a query',
        tags,
        params,
        querystring: z.object({ before: count, after: count, q: z.string().max(4_096).optional() }),
        response: { 200: context },
      },
    },
    async (request) => {
      const { before, after, q } = request.query;
      const { id } = request.params;
      return found(await search(reachOf(request)).context(id, { before, after, query: q }), id);
    },
  );
  routes.get(
    '/api/v1/logs/:id',
    {
      onRequest,
      schema: {
        summary: 'Get one log record with all its fields',
        tags,
        params,
        response: { 200: detail },
      },
    },
    async (request) => found(await search(reachOf(request)).find(request.params.id), request.params.id),
  );
}

function tailRoute(app: FastifyInstance, deps: LogsRouteDeps): void {
  const opened = endWithServer(app);
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/logs/tail',
    {
      onRequest: deps.guard('viewer', 'project'),
      schema: {
        summary: 'Follow the log as server-sent events: `row`, `dropped`',
        tags: ['logs'],
        querystring: z.object({ q: z.string().max(4_096).default('') }),
      },
    },
    (request, reply) => opened(follow(request.query.q, reachOf(request), reply, deps)),
  );
}

function follow(query: string, reach: Reach, reply: FastifyReply, deps: LogsRouteDeps): EventStream {
  const { tail, elsewhere, stored, clock } = deps;
  const matches = toMatcher(parseLogQuery(query));
  const isShown = (project: unknown) => project !== 'yumops' && reaches(reach, String(project));
  const stream = new EventStream(reply, clock);
  const follower: LogFollower = {
    row: (record) => stream.send('row', record),
    dropped: (count) => stream.drop(count),
  };
  const unsubscribe =
    stored && elsewhere?.()
      ? stored(query, follower, reach)
      : tail.subscribe((record) => isShown(record['project']) && matches(record), follower);
  stream.onClose(unsubscribe);
  return stream;
}

function toSelection(
  { q, from, to }: { q: string; from?: string | undefined; to?: string | undefined },
  clock: Clock,
  reply: FastifyReply,
): LogSelection {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const end = to === undefined ? clock.now() + 10 * 60_000 : readTime(to, 'to');
  const start = from === undefined ? Math.min(end, clock.now()) - HOUR : readTime(from, 'from');
  if (start >= end) throw new YumOpsError('invalid_range', '"from" must lie before "to".', { status: 400 });
  return { query: q, from: start, to: end, signal: gone.signal };
}

function readTime(text: string, name: string): number {
  const time = readInstant(text);
  if (time !== undefined) return time;
  throw new YumOpsError('invalid_time', `"${name}" must be an ISO 8601 time or milliseconds since the epoch.`, {
    status: 400,
  });
}
