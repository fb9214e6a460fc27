import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { toCsv } from '../lib/csv.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Reach } from '../lib/reach.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import {
  type Availability,
  badgeSvg,
  certificateBadge,
  findBadge,
  findMonitorId,
  listChecks,
  readHistory,
  readMonthlySla,
  readSla,
  readSlaBetween,
  responseBadge,
  stateBadge,
  uptimeBadge,
} from '../observe/uptime/index.ts';
import { type Guard, reachOf } from './access.ts';
import { rangeOf, timeRange } from './time-range.ts';

export interface MonitorHistoryDeps {
  guard: Guard;
  clock: Clock;
  db: Db;
  telemetry: TelemetryStore;
  availability: Availability;
}

const DAY = 86_400_000;
const key = z.string().min(1).max(300);
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const historyQuery = z.object({
  from: instant.optional(),
  to: instant.optional(),
  location: z.string().max(50).optional(),
});
const monthQuery = z.object({ month: z.string().max(10).optional() });
const slaQuery = monthQuery.extend(timeRange);

const SLA_COLUMNS = [
  'monitor',
  'name',
  'period',
  'from',
  'to',
  'uptime',
  'up',
  'down',
  'planned',
  'outages',
  'longest',
] as const;
const CHECK_COLUMNS = [
  'timestamp',
  'monitor',
  'location',
  'ok',
  'durationMs',
  'dnsMs',
  'connectMs',
  'tlsMs',
  'firstByteMs',
  'bodyMs',
  'statusCode',
  'reason',
] as const;

/** Rows of a CSV file of checks. */
const CSV_CHECKS = 50_000;

/** How long checks took, how available monitors were, both as CSV too, and badges. */
export function monitorHistoryRoutes(app: FastifyInstance, deps: MonitorHistoryDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const { clock, db } = deps;
  const onRequest = deps.guard('viewer', 'project');

  routes.get(
    '/api/v1/monitors/:id/history',
    { onRequest, schema: { params: z.object({ id: key }), querystring: historyQuery } },
    async (request) => {
      const { to = clock.now(), location } = request.query;
      const { from = to - DAY } = request.query;
      if (from >= to) throw emptySpan();
      return readHistory(deps, {
        monitorId: await findMonitorId(db, request.params.id, reachOf(request)),
        from,
        to,
        location,
      });
    },
  );
  routes.get('/api/v1/monitors/:id/sla', { onRequest, schema: { params: z.object({ id: key }) } }, async (request) => ({
    items: await readSla(deps, await findMonitorId(db, request.params.id, reachOf(request)), clock.now()),
    nextCursor: null,
  }));
  routes.get(
    '/api/v1/sla',
    {
      onRequest,
      schema: {
        summary: 'Availability of every monitor: of a month, or from one time to another',
        querystring: slaQuery,
      },
    },
    async (request) => {
      const { month, ...asked } = request.query;
      const reach = reachOf(request);
      const whole = asked.from === undefined && asked.to === undefined;
      if (whole) return { items: await monthly(reach, month), nextCursor: null };
      const span = rangeOf(asked, clock);
      const items = await readSlaBetween(deps, { period: 'range', ...span }, Math.min(clock.now(), span.to), reach);
      return { items, nextCursor: null };
    },
  );
  routes.get('/api/v1/sla.csv', { onRequest, schema: { querystring: monthQuery } }, async (request, reply) =>
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="availability.csv"')
      .send(toCsv(SLA_COLUMNS, await monthly(reachOf(request), request.query.month))),
  );
  routes.get(
    '/api/v1/checks.csv',
    { onRequest, schema: { querystring: z.object({ monitor: key }) } },
    async (request, reply) => {
      const monitorId = await findMonitorId(db, request.query.monitor, reachOf(request));
      const { items } = await listChecks(deps, { monitorId, limit: CSV_CHECKS }, clock.now());
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="checks.csv"')
        .send(toCsv(CHECK_COLUMNS, items));
    },
  );
  badgeRoute(app, deps);

  function monthly(reach: Reach, month = new Date(clock.now()).toISOString().slice(0, 7)) {
    return readMonthlySla(deps, month, clock.now(), reach);
  }
}

const badgeParams = z.object({
  id: key,
  what: z.enum(['state.svg', 'uptime.svg', 'response.svg', 'certificate.svg']),
});
const badgeQuery = z.object({ label: z.string().min(1).max(60).optional() });

/** Public for monitors with `badge: true`; for all others it is as if they did not exist. */
function badgeRoute(app: FastifyInstance, { db, availability }: MonitorHistoryDeps): void {
  app
    .withTypeProvider<ZodTypeProvider>()
    .get(
      '/badge/:id/:what',
      { schema: { security: [], params: badgeParams, querystring: badgeQuery } },
      async (request, reply) => {
        const { id, what } = request.params;
        const monitor = await findBadge(db, id);
        if (!monitor) throw new YumOpsError('badge_not_found', 'There is no such badge.', { status: 404 });
        const { label = monitor.name } = request.query;
        const badge = {
          'state.svg': async () => stateBadge(label, monitor.state),
          'uptime.svg': async () => uptimeBadge(label, (await availability.read()).get(monitor.id) ?? null),
          'response.svg': async () => responseBadge(label, monitor.latestMs),
          'certificate.svg': async () => certificateBadge(label, monitor.certificateDays),
        }[what];
        return reply
          .type('image/svg+xml; charset=utf-8')
          .header('cache-control', 'public, max-age=60')
          .send(badgeSvg(await badge()));
      },
    );
}

function emptySpan(): YumOpsError {
  return new YumOpsError('empty_span', 'The time asked for ends before it begins.', {
    hint: 'Give a `from` that is earlier than `to`.',
    status: 400,
  });
}
