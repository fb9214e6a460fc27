import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Alerting } from '../respond/alerting/index.ts';
import { type Guard, reachOf } from './access.ts';
import { alert, alertDetail, notification, pageOf, rule } from './alert-shapes.ts';
import { timeRange } from './time-range.ts';

const id = z.object({ id: z.string().min(1).max(200) });
const list = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(300).optional(),
  ...timeRange,
});
const state = z.enum(['firing', 'pending', 'resolved']);
const tags = ['alerts'];
const acknowledgement = z.object({ via: z.enum(['console', 'cli', 'api']).default('api') }).nullish();

/** What people do to an alert, by the last part of the path. */
const ACTIONS = [
  ['ack', 'acknowledge', 'Acknowledge an alert: later steps are not told'],
  ['escalate', 'escalate', 'Tell the next step of an alert now'],
  ['resolve', 'resolve', 'End an alert by hand'],
] as const;

/** Alerts with their reasons, rules, and the delivery log. */
export function alertRoutes(app: FastifyInstance, deps: { alerting: Alerting; guard: Guard; clock: Clock }): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const { pages } = deps.alerting;
  const onRequest = deps.guard('viewer', 'project');

  routes.get(
    '/api/v1/alerts',
    {
      onRequest,
      schema: {
        summary: 'What fires, what is pending and what is over, newest first',
        ...{ tags, querystring: list.extend({ state: state.optional() }), response: { 200: pageOf(alert) } },
      },
    },
    async (request) => pages.within(reachOf(request)).alerts(request.query.state, request.query),
  );
  routes.get(
    '/api/v1/alerts/:id',
    {
      onRequest,
      schema: { summary: 'An alert, why, and what comes next', tags, params: id, response: { 200: alertDetail } },
    },
    async (request) => pages.within(reachOf(request)).alert(request.params.id, deps.clock.now()),
  );
  routes.get(
    '/api/v1/rules',
    { onRequest, schema: { summary: 'Alert rules and their states', tags, response: { 200: pageOf(rule) } } },
    async (request) => ({ items: await pages.within(reachOf(request)).rules(), nextCursor: null }),
  );
  routes.get(
    '/api/v1/notifications',
    {
      onRequest: deps.guard('viewer'),
      schema: {
        summary: 'The delivery log, newest first',
        ...{ tags, querystring: list, response: { 200: pageOf(notification) } },
      },
    },
    async ({ query }) => pages.notifications(query),
  );
  for (const [path, action, summary] of ACTIONS) {
    routes.post(
      `/api/v1/alerts/:id/${path}`,
      {
        onRequest: deps.guard('responder', 'project'),
        schema: { summary, tags, params: id, body: acknowledgement, response: { 200: alertDetail } },
      },
      async (request) => {
        const by = request.principal?.name ?? 'unknown';
        const own = pages.within(reachOf(request));
        await own.refuseUnknown(request.params.id);
        await deps.alerting[action](request.params.id, by, request.body?.via ?? 'api');
        return own.alert(request.params.id, deps.clock.now());
      },
    );
  }
}
