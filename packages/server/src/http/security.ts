import type { SecurityBlock, SecurityChallenge, SecuritySummary } from '@yumops/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  addBlock,
  countAttacks,
  DETECTION_CODES,
  getDetection,
  isNetwork,
  liftRestriction,
  listDetections,
  readEvents,
  readSeries,
  readSources,
  type SecurityOptions,
  type SecurityWatch,
  type StoredRestriction,
} from '../care/security/index.ts';
import type { Clock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { refuseBeyond } from '../lib/reach.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { type Guard, reachOf } from './access.ts';
import { rangeOf, timeRange } from './time-range.ts';

export interface SecurityRouteDeps extends Pick<SecurityOptions, 'db' | 'audit' | 'config'> {
  watch: SecurityWatch;
  telemetry: TelemetryStore;
  guard: Guard;
  clock: Clock;
}

/** An attack whose last event is younger goes on. */
const NOW_MS = 15 * 60_000;

const tags = ['security'];
const text = z.string().min(1).max(300);
const paging = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(100).optional(),
};
const about = {
  ip: text.optional(),
  network: text.refine(isNetwork, 'is no network').optional(),
  account: text.optional().describe('Hashed, as events show it'),
};
const id = z.object({ id: z.string().min(1).max(64) });
const newBlock = z.object({
  kind: z.enum(['ip', 'network', 'pair']),
  value: text.describe('203.0.113.7, 203.0.113.0/24, or 203.0.113.7|acct_…'),
  for: z.union([text, z.number().positive()]).default('1h').describe('How long, e.g. 2h'),
  why: z.string().min(1).max(500),
  project: z
    .string()
    .regex(/^\d{1,20}$/)
    .default('1'),
});

/** Security events, what the detectors found in them, and who is shut out for it. */
export function securityRoutes(app: FastifyInstance, deps: SecurityRouteDeps): void {
  readRoutes(app, deps);
  blockRoutes(app, deps);
}

function readRoutes(app: FastifyInstance, { db, telemetry, guard, clock, watch }: SecurityRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  const events = z.object({ ...timeRange, ...about, event: text.optional(), ...paging });
  routes.get(
    '/api/v1/security/events',
    { onRequest, schema: { summary: 'Security events, newest first', tags, querystring: events } },
    async (request) => {
      const { query } = request;
      return readEvents(telemetry.within(reachOf(request)), { ...query, ...rangeOf(query, clock) }, query);
    },
  );
  routes.get(
    '/api/v1/security/sources',
    {
      onRequest,
      schema: {
        summary: 'Networks from which security events came',
        tags,
        querystring: z.object({ ...timeRange, ...about }),
      },
    },
    async (request) => {
      const chosen = { ...request.query, ...rangeOf(request.query, clock) };
      return { items: await readSources(telemetry.within(reachOf(request)), chosen), nextCursor: null };
    },
  );
  routes.get(
    '/api/v1/security/summary',
    {
      onRequest,
      schema: { summary: 'Attacks that go on, restrictions, sign-ins by time', tags, querystring: z.object(timeRange) },
    },
    async (request): Promise<SecuritySummary> => {
      const reach = reachOf(request);
      const items = watch.inForce.list(reach).items;
      return {
        attacks: await countAttacks(db, clock.now() - NOW_MS, reach),
        blocks: items.filter(({ action }) => action === 'block').length,
        challenges: items.filter(({ action }) => action === 'challenge').length,
        series: await readSeries(telemetry.within(reach), rangeOf(request.query, clock)),
        notes: reach === null ? notesOf(watch) : [],
      };
    },
  );
  const detections = z.object({ code: z.enum(DETECTION_CODES).optional(), ...about, since: timeRange.from, ...paging });
  routes.get(
    '/api/v1/security/detections',
    { onRequest, schema: { summary: 'Attacks, the latest first', tags, querystring: detections } },
    async (request) => listDetections(db, { ...request.query, reach: reachOf(request) }),
  );
  routes.get(
    '/api/v1/security/detections/:id',
    { onRequest, schema: { summary: 'One attack with its evidence', tags, params: id } },
    async (request) => getDetection(db, request.params.id, reachOf(request)),
  );
}

function blockRoutes(app: FastifyInstance, deps: SecurityRouteDeps): void {
  const { watch, guard, clock } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  const change = (asked: FastifyRequest) => ({ actor: asked.principal?.name ?? 'unknown', now: clock.now() });
  const lift = async (asked: FastifyRequest, restriction: string) => {
    const ended = await liftRestriction(deps, restriction, reachOf(asked), change(asked));
    await watch.pardon(ended);
    await watch.inForce.changed();
  };
  const listed = async (asked: FastifyRequest, action: 'block' | 'challenge') => {
    await watch.inForce.refresh();
    return {
      items: watch.inForce
        .list(reachOf(asked))
        .items.filter((item) => item.action === action)
        .map(toItem),
      nextCursor: null,
    };
  };

  routes.get(
    '/api/v1/security/blocks',
    { onRequest, schema: { summary: 'Who is shut out, why, and until when', tags } },
    async (asked) => (await listed(asked, 'block')) as { items: SecurityBlock[]; nextCursor: null },
  );
  routes.get(
    '/api/v1/security/challenges',
    { onRequest, schema: { summary: 'Who has to prove more before a sign-in', tags } },
    async (asked) => (await listed(asked, 'challenge')) as { items: SecurityChallenge[]; nextCursor: null },
  );
  routes.post(
    '/api/v1/security/blocks',
    {
      onRequest: guard('responder', 'project'),
      schema: { summary: 'Shut an address, a network or a pair out', tags, body: newBlock },
    },
    async (asked, reply) => {
      refuseBeyond(reachOf(asked), asked.body.project);
      const forMs = z.number('is no duration').positive().parse(parseDuration(asked.body.for));
      const block = await addBlock(deps, { ...asked.body, forMs }, change(asked));
      await watch.inForce.changed();
      return reply.code(201).send(toItem(block));
    },
  );
  for (const [path, summary] of [
    ['/api/v1/security/blocks/:id', 'Lift a block'],
    ['/api/v1/security/challenges/:id', 'Lift a challenge'],
  ] as const) {
    routes.delete(
      path,
      { onRequest: guard('responder', 'project'), schema: { summary, tags, params: id } },
      async (asked, reply) => {
        await lift(asked, asked.params.id);
        return reply.code(204).send();
      },
    );
  }
}

function toItem({ action, until, createdAt, ...item }: StoredRestriction) {
  return { ...item, until: new Date(until).toISOString(), createdAt: new Date(createdAt).toISOString() };
}

function notesOf(watch: SecurityWatch): SecuritySummary['notes'] {
  const { location, locationSeen, forgotten, skippedBytes, lostDetections } = watch.stats();
  const notes = [];
  if (location.kind === 'broken') {
    const message = `Addresses cannot be placed: ${location.reason}. Impossible travel knows only what events say.`;
    notes.push({ code: 'location_broken', message });
  } else if (location.kind === 'none' && !locationSeen) {
    const message =
      'Impossible travel is off: no location source. Events carry none and geoip names no file, so journeys are not compared.';
    notes.push({ code: 'no_location', message });
  }
  if (forgotten > 0) {
    const message = `${forgotten} addresses and accounts were forgotten before their time: more came than are held.`;
    notes.push({ code: 'forgotten', message });
  }
  if (skippedBytes > 0 || lostDetections > 0) {
    const message = `Too much came at once: ${skippedBytes} bytes of events and ${lostDetections} detections were left out.`;
    notes.push({ code: 'left_out', message });
  }
  return notes;
}
