import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Errors } from '../observe/errors/index.ts';
import { MAX_SOURCE_MAP } from '../observe/errors/index.ts';
import type { Ingest } from '../observe/ingest/index.ts';
import { type Guard, reachOf } from './access.ts';
import { withBody } from './body.ts';

export interface ErrorRouteDeps {
  errors: Errors;
  ingest: Pick<Ingest, 'readAttachment'>;
  guard: Guard;
  clock: Clock;
}

const DAY = 86_400_000;

const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .optional();
const range = { from: instant, to: instant };
const id = z.object({ id: z.string().min(1).max(64) });
const listQuery = z.object({
  ...range,
  status: z.enum(['unresolved', 'resolved', 'ignored']).optional(),
  project: z.string().max(20).optional(),
  environment: z.string().max(200).optional(),
  release: z.string().max(250).optional(),
  level: z.string().max(20).optional(),
  assignee: z.string().max(300).optional(),
  q: z.string().max(500).optional(),
  sort: z.enum(['impact', 'events', 'users', 'last', 'first']).default('impact'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(20).optional(),
});
const changeBody = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('resolve'),
    in: z.enum(['now', 'release', 'next-release', 'commit']).optional(),
    release: z.string().max(250).optional(),
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,64}$/i, 'the hash of a commit has 7 to 64 hex digits')
      .optional(),
  }),
  z.object({
    action: z.literal('ignore'),
    until: instant,
    count: z.number().int().positive().optional(),
    users: z.number().int().positive().optional(),
    escalating: z.boolean().optional(),
  }),
  z.object({ action: z.literal('reopen') }),
  z.object({ action: z.literal('assign'), to: z.string().max(300).nullable() }),
]);

/** Errors: what fails, for how many people, and what was decided of it. */
export function errorRoutes(app: FastifyInstance, deps: ErrorRouteDeps): void {
  readRoutes(app, deps);
  changeRoutes(app, deps);
  releaseRoutes(app, deps);
  sourceMapRoute(app, deps);
}

/** The last 30 days where nothing else is asked for. */
function rangeOf({ from, to }: { from?: number | undefined; to?: number | undefined }, now: number) {
  const end = to ?? now + 600_000;
  return { from: from ?? Math.min(end, now) - 30 * DAY, to: end };
}

function readRoutes(app: FastifyInstance, { errors, ingest, guard, clock }: ErrorRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  routes.get('/api/v1/errors', { onRequest, schema: { querystring: listQuery } }, async (request) => {
    const { q: search, from, to, ...filter } = request.query;
    return errors.within(reachOf(request)).list({ ...filter, search, ...rangeOf({ from, to }, clock.now()) });
  });
  routes.get('/api/v1/errors/:id', { onRequest, schema: { params: id, querystring: z.object(range) } }, (request) =>
    errors.within(reachOf(request)).get(request.params.id, rangeOf(request.query, clock.now())),
  );
  routes.get(
    '/api/v1/errors/:id/events',
    {
      onRequest,
      schema: {
        params: id,
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(500).default(50),
          cursor: z.string().max(80).optional(),
        }),
      },
    },
    async (request) => {
      const { params, query } = request;
      const before = query.cursor === undefined ? undefined : readCursor(query.cursor);
      const { items, next } = await errors.within(reachOf(request)).events(params.id, { limit: query.limit, before });
      return { items, nextCursor: next ? `${next.at}-${next.id}` : null };
    },
  );
  routes.get('/api/v1/events/:id', { onRequest, schema: { params: id } }, (request) =>
    errors.within(reachOf(request)).event(request.params.id),
  );
  routes.get('/api/v1/losses', { onRequest, schema: { querystring: z.object(range) } }, (request) =>
    errors.within(reachOf(request)).losses(rangeOf(request.query, clock.now())),
  );
  routes.get('/api/v1/attachments/:id', { onRequest, schema: { params: id } }, async (request, reply) => {
    const { params } = request;
    const reach = reachOf(request);
    const known = reach === null || (await errors.within(reach).hasAttachment(params.id));
    const bytes = known && (await ingest.readAttachment(params.id));
    if (!bytes) throw new YumOpsError('attachment_not_found', `There is no attachment ${params.id}.`, { status: 404 });
    // What an app attached must never run as a page of this site.
    return reply.type('application/octet-stream').header('content-disposition', 'attachment').send(bytes);
  });
}

function readCursor(cursor: string): { at: number; id: string } {
  const match = /^(\d{1,16})-([0-9a-f]{32})$/.exec(cursor);
  if (!match) throw new YumOpsError('invalid_cursor', 'The cursor is not one that a list gave.', { status: 400 });
  return { at: Number(match[1]), id: match[2] as string };
}

function actorOf(request: FastifyRequest): string {
  return request.principal?.name ?? 'unknown';
}

function changeRoutes(app: FastifyInstance, { errors, guard, clock }: ErrorRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('responder', 'project');
  const own = (request: FastifyRequest) => errors.within(reachOf(request));
  const now = (request: FastifyRequest, key: string) => own(request).get(key, rangeOf({}, clock.now()));
  routes.post(
    '/api/v1/errors/:id',
    { onRequest, schema: { summary: 'Resolve, ignore, reopen or assign an error', params: id, body: changeBody } },
    async (request) => {
      await own(request).change(request.params.id, request.body, actorOf(request));
      return now(request, request.params.id);
    },
  );
  routes.post(
    '/api/v1/errors/:id/merge',
    { onRequest, schema: { params: id, body: z.object({ ids: z.array(z.string().max(64)).min(1).max(100) }) } },
    async (request) => {
      await own(request).merge(request.params.id, request.body.ids, actorOf(request));
      return now(request, request.params.id);
    },
  );
  routes.post(
    '/api/v1/errors/:id/split',
    { onRequest, schema: { params: id, body: z.object({ groups: z.array(z.string().max(64)).min(1).max(100) }) } },
    async (request) => {
      await own(request).split(request.params.id, request.body.groups, actorOf(request));
      return now(request, request.params.id);
    },
  );
}

function releaseRoutes(app: FastifyInstance, { errors, guard }: ErrorRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const project = z.string().regex(/^\d{1,20}$/);
  routes.get(
    '/api/v1/releases',
    {
      onRequest: guard('viewer', 'project'),
      schema: {
        querystring: z.object({
          project: project.optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
      },
    },
    async (request) => ({
      items: await errors.within(reachOf(request)).releases(request.query),
      nextCursor: null,
    }),
  );
  routes.post(
    '/api/v1/releases',
    {
      onRequest: guard('responder', 'project'),
      schema: {
        body: z.object({
          project: project.default('1'),
          version: z.string().max(250),
          url: z.string().max(2_000).optional(),
        }),
      },
    },
    async (request, reply) => {
      const { createdAt, finalizedAt, ...release } = await errors
        .within(reachOf(request))
        .keepRelease(request.body, actorOf(request));
      return reply.code(201).send({ ...release, createdAt: new Date(createdAt).toISOString() });
    },
  );
  routes.post(
    '/api/v1/deploys',
    {
      onRequest: guard('responder', 'project'),
      schema: {
        body: z.object({
          project: project.default('1'),
          version: z.string().max(250),
          environment: z.string().min(1).max(200),
          name: z.string().max(300).optional(),
          url: z.string().max(2_000).optional(),
          at: instant,
        }),
      },
    },
    async (request, reply) => {
      const { id, at } = await errors.within(reachOf(request)).addDeploy(request.body, actorOf(request));
      return reply.code(201).send({ id, at: new Date(at).toISOString() });
    },
  );
}

const mapQuery = z.object({
  debug_id: z.string().max(64).optional(),
  release: z.string().max(250).optional(),
  dist: z.string().max(64).optional(),
  name: z.string().min(1).max(1_000).describe('The script that it is of, such as ~/static/app.js'),
});

function sourceMapRoute(app: FastifyInstance, { errors, guard }: ErrorRouteDeps): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/api/v1/source-maps',
      {
        onRequest: guard('responder'),
        schema: { summary: 'Upload a source map as the body', querystring: mapQuery },
      },
      async (request, reply) => {
        const { debug_id: debugId = null, release = null, dist = null, name } = request.query;
        const source = (request.body as typeof request.raw | undefined) ?? request.raw;
        await withBody(source, request.headers['content-encoding'], MAX_SOURCE_MAP, (content) =>
          errors.storeSourceMap({ debugId, release, dist, name, content }),
        );
        return reply.code(201).send({ debugId, release, name });
      },
    );
  });
}
