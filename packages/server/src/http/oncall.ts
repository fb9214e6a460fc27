import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { DAY_MS } from '../lib/zoned-time.ts';
import type { OnCall } from '../respond/oncall/index.ts';
import type { Guard } from './access.ts';
import { contactRoutes } from './contacts.ts';
import { instant } from './instant.ts';

export interface OnCallDeps {
  onCall: OnCall;
  guard: Guard;
  clock: Clock;
  /** Base of calendar links. */
  publicUrl: string;
}

/** The longest range that one answer covers. */
const LONGEST_RANGE_MS = 400 * DAY_MS;

const name = z.string().min(1).max(300);
const id = z.object({ id: z.string().regex(/^\d{1,18}$/) });
const span = z.object({ from: instant, to: instant });

/** Who is on call, changes of it, and calendar links. */
export function onCallRoutes(app: FastifyInstance, deps: OnCallDeps): void {
  readRoutes(app, deps);
  changeRoutes(app, deps);
  feedRoutes(app, deps);
  contactRoutes(app, deps);
}

function readRoutes(app: FastifyInstance, { onCall, guard, clock }: OnCallDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer');
  const when = z.object({
    at: instant.optional(),
    from: instant.optional(),
    to: instant.optional(),
    schedule: name.optional(),
  });

  routes.get('/api/v1/oncall', { onRequest, schema: { querystring: when } }, async ({ query }) => {
    const { at, from, to, schedule } = query;
    if (from === undefined && to === undefined) return onCall.at(at ?? clock.now());
    if (from === undefined || to === undefined || at !== undefined) {
      throw new YumOpsError('invalid_request', 'Give either at, or from and to.', { status: 400 });
    }
    checkRange(from, to);
    return onCall.calendar(from, to, schedule);
  });
  routes.get('/api/v1/oncall/people', { onRequest, schema: {} }, async ({ principal }) => ({
    items: await onCall.people(principal?.name ?? ''),
    nextCursor: null,
  }));
  routes.get('/api/v1/oncall/overrides', { onRequest, schema: { querystring: span } }, async ({ query }) => ({
    items: await onCall.overrides(query.from, query.to),
    nextCursor: null,
  }));
}

function checkRange(from: number, to: number): void {
  if (to > from && to - from <= LONGEST_RANGE_MS) return;
  throw new YumOpsError('invalid_request', 'The range must be longer than nothing and at most 400 days.', {
    status: 400,
    hint: 'Ask for a later to, or for a shorter range.',
  });
}

function changeRoutes(app: FastifyInstance, { onCall, guard, clock }: OnCallDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('responder');
  const change = (request: FastifyRequest) => ({ actor: request.principal?.name ?? 'unknown', now: clock.now() });

  routes.post(
    '/api/v1/oncall/overrides',
    { onRequest, schema: { body: span.extend({ schedule: name, person: name }) } },
    async (request, reply) => {
      const { schedule, person, from, to } = request.body;
      const override = await onCall.addOverride({ schedule, person, start: from, end: to }, change(request));
      return reply.code(201).send(override);
    },
  );
  routes.delete('/api/v1/oncall/overrides/:id', { onRequest, schema: { params: id } }, async (request, reply) => {
    await onCall.removeOverride(request.params.id, change(request));
    return reply.code(204).send();
  });
  routes.post(
    '/api/v1/oncall/swaps',
    { onRequest, schema: { body: z.object({ schedule: name, first: span, second: span }) } },
    async (request, reply) => {
      const { schedule, first, second } = request.body;
      const items = await onCall.swap(
        { schedule, first: { start: first.from, end: first.to }, second: { start: second.from, end: second.to } },
        change(request),
      );
      return reply.code(201).send({ items });
    },
  );
}

function feedRoutes(app: FastifyInstance, { onCall, guard, clock, publicUrl }: OnCallDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('responder');
  const change = (request: FastifyRequest) => ({ actor: request.principal?.name ?? 'unknown', now: clock.now() });
  const iso = (ms: number) => new Date(ms).toISOString();

  routes.get('/api/v1/oncall/feeds', { onRequest: guard('viewer'), schema: {} }, async () => ({
    items: (await onCall.feeds()).map((feed) => ({ ...feed, createdAt: iso(feed.createdAt) })),
    nextCursor: null,
  }));
  routes.post(
    '/api/v1/oncall/feeds',
    { onRequest, schema: { body: z.object({ schedule: name }) } },
    async (request, reply) => {
      const { scheduleId, secret, ...feed } = await onCall.createFeed(request.body.schedule, change(request));
      const url = `${publicUrl}/api/v1/oncall/${encodeURIComponent(scheduleId)}.ics?token=${secret}`;
      return reply.code(201).send({ ...feed, createdAt: iso(feed.createdAt), url });
    },
  );
  routes.delete('/api/v1/oncall/feeds/:id', { onRequest, schema: { params: id } }, async (request, reply) => {
    await onCall.removeFeed(request.params.id, change(request));
    return reply.code(204).send();
  });
  // Calendar programs can neither sign in nor send a header: the secret in the address is the whole right.
  routes.get(
    '/api/v1/oncall/:schedule.ics',
    { schema: { params: z.object({ schedule: name }), querystring: z.object({ token: z.string().max(200) }) } },
    async (request, reply) => {
      const file = await onCall.feedFile(request.params.schedule, request.query.token, clock.now());
      if (file === undefined) {
        throw new YumOpsError('unknown_feed', 'This calendar link does not exist, or no longer.', { status: 404 });
      }
      return reply
        .type('text/calendar; charset=utf-8')
        .header('cache-control', 'private, max-age=300')
        .header('content-disposition', 'inline; filename="oncall.ics"')
        .send(file);
    },
  );
}
