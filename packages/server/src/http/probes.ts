import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { createProbeToken, findProbeLocation, listProbeTokens, revokeProbeTokens } from '../access/probe-tokens.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { EvidenceKeeper, ProbeDesk } from '../observe/uptime/index.ts';
import type { Guard } from './access.ts';

export interface ProbesDeps {
  guard: Guard;
  db: Db;
  clock: Clock;
  desk: ProbeDesk;
  evidence: EvidenceKeeper;
}

const BODY_LIMIT = 16_777_216;
const FILE_LIMIT = 25_165_824;

const location = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,49}$/, 'expected a short name such as fra or us-east-1');
const text = z.string().max(10_000);
const time = z.number().int().nonnegative().max(8.64e15);
const phase = z.number().nonnegative().nullable();
const verdict = z.enum(['up', 'degraded', 'down', 'unknown', 'pending']);

const fileKind = z.enum(['screenshot', 'trace']);
const checkFile = z.object({ kind: fileKind, name: z.string().max(100), bytes: z.number().int().nonnegative() });

const result = z.object({
  verdict,
  reason: text.nullable(),
  durationMs: z.number().nonnegative(),
  phases: z.object({ dns: phase, connect: phase, tls: phase, firstByte: phase, body: phase }),
  statusCode: z.number().int().min(0).max(999).nullable(),
  certificate: z
    .object({ days: z.number().int(), issuer: text, subject: text, validFrom: z.number(), validTo: z.number() })
    .nullable(),
  evidence: z
    .object({
      status: z.number().int().nullable(),
      headers: z.record(z.string().max(300), text),
      body: z.string().max(20_000),
      files: z.array(checkFile).max(4).optional(),
    })
    .nullable(),
  named: z
    .array(z.object({ name: z.string().max(300), verdict, reason: text.nullable(), durationMs: phase }))
    .max(1_000),
});

const syncBody = z.object({
  agent: z.object({
    id: z.string().min(1).max(100),
    name: z.string().min(1).max(100),
    version: z.string().max(50),
  }),
  location: location.optional(),
  revision: z.string().max(64),
  results: z
    .array(
      z.object({
        sequence: z.number().int().positive(),
        id: z.uuid(),
        monitorId: z.string().min(1).max(300),
        startedAt: time,
        endedAt: time,
        result,
        seen: z.object({ verdict: z.enum([...verdict.options, 'network-down']), reason: text.nullable() }),
      }),
    )
    .max(1_000),
  waiting: z.number().int().nonnegative(),
  dropped: z.number().int().nonnegative(),
  trouble: z.string().max(1_000).nullish(),
  leaving: z.boolean(),
});

/** Places of requests that came with a probe token. */
type Places = WeakMap<FastifyRequest, string>;

/** Agents that check from other places: where they report, who they are, and their tokens. */
export function probeRoutes(app: FastifyInstance, deps: ProbesDeps): void {
  const places: Places = new WeakMap();
  agentRoutes(app, deps, places);
  tokenRoutes(app, deps);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const { desk, guard } = deps;
  routes.get('/api/v1/probes', { onRequest: guard('viewer') }, async () => ({
    items: await desk.list(),
    nextCursor: null,
  }));
  routes.delete(
    '/api/v1/probes/:id',
    {
      onRequest: guard('admin'),
      schema: { summary: 'Forget an agent that will not come back', params: z.object({ id: z.string().max(100) }) },
    },
    async (request, reply) => {
      await desk.forget(request.params.id, actorOf(request));
      return reply.code(204).send();
    },
  );
}

/** What agents call, with their own token or an administrator's. */
function agentRoutes(app: FastifyInstance, { guard, db, clock, desk, evidence }: ProbesDeps, places: Places): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const admin = guard('admin');
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const place = bearer === undefined ? undefined : await findProbeLocation(db, bearer, clock.now());
    if (place === undefined) await admin.call(app, request, reply);
    else places.set(request, place);
  };
  routes.post(
    '/api/v1/probes/sync',
    { bodyLimit: BODY_LIMIT, schema: { body: syncBody }, onRequest },
    async (request) => {
      const place = places.get(request) ?? request.body.location;
      if (place === undefined) throw noLocation();
      return desk.sync(place, request.body);
    },
  );
  app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer', bodyLimit: FILE_LIMIT },
      (_, body, done) => done(null, body),
    );
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/api/v1/probes/files',
      {
        bodyLimit: FILE_LIMIT,
        onRequest,
        schema: {
          summary: 'Keep what a failed browser journey of an agent recorded',
          querystring: z.object({ monitor: z.string().min(1).max(300), kind: fileKind, location: location.optional() }),
        },
      },
      async (request, reply) => {
        const { monitor, kind } = request.query;
        const place = places.get(request) ?? request.query.location;
        if (place === undefined) throw noLocation();
        if (!desk.covers(place, monitor)) throw notItsMonitor(place, monitor);
        return reply.code(201).send(await evidence.keep(monitor, kind, request.body as Buffer));
      },
    );
  });
}

function tokenRoutes(app: FastifyInstance, { guard, db, clock }: ProbesDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const admin = guard('admin');
  routes.get('/api/v1/probe-tokens', { onRequest: admin }, async () => ({
    items: await listProbeTokens(db),
    nextCursor: null,
  }));
  routes.post(
    '/api/v1/probe-tokens',
    { onRequest: admin, schema: { body: z.object({ location }) } },
    async (request, reply) => {
      const { location: place } = request.body;
      return reply
        .code(201)
        .send(await createProbeToken(db, { location: place, actor: actorOf(request), now: clock.now() }));
    },
  );
  routes.delete(
    '/api/v1/probe-tokens/:location',
    { onRequest: admin, schema: { params: z.object({ location }) } },
    async (request) => {
      const { location: place } = request.params;
      return { revoked: await revokeProbeTokens(db, { location: place, actor: actorOf(request), now: clock.now() }) };
    },
  );
}

function actorOf({ principal }: FastifyRequest): string {
  return principal?.name ?? 'unknown';
}

function notItsMonitor(place: string, monitor: string): YumOpsError {
  return new YumOpsError('monitor_not_found', `No monitor "${monitor}" is checked from ${place}.`, { status: 404 });
}

function noLocation(): YumOpsError {
  return new YumOpsError('location_missing', 'This token is not bound to a place, and the request names none.', {
    hint: 'Start the probe with --location NAME, or make a token with `yumops token probe --location NAME`.',
    status: 400,
  });
}
