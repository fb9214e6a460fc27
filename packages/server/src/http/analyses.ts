import type {
  BusinessAnalysis,
  EndpointAnalysis,
  ErrorRateAnalysis,
  FunnelAnalysis,
  SecurityAnalysis,
} from '@yumops/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { readBusiness, readEndpoints, readErrorRate, readFunnel, readSecurity } from '../observe/analyses/index.ts';
import { type Guard, reachOf } from './access.ts';
import { rangeOf, timeRange } from './time-range.ts';

const selection = z.object({ ...timeRange, service: z.string().max(250).optional() });

const duration = z
  .string()
  .max(20)
  .default('24h')
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    context.addIssue({ code: 'custom', message: `"${text}" is no duration such as 24h` });
    return z.NEVER;
  });

const events = z
  .string()
  .max(1_000)
  .default('user_registration,restaurant_rating,order_placed')
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine((names) => names.length >= 1 && names.length <= 10 && names.every((name) => name !== ''), {
    message: 'events are one to ten names of business events with commas between',
  });

/** The questions that every service asks of its log, over time: errors, endpoints, security, business, funnel. */
export function analysisRoutes(
  app: FastifyInstance,
  { telemetry, guard, clock }: { telemetry: TelemetryStore; guard: Guard; clock: Clock },
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');
  const schema = (summary: string) => ({ summary, tags: ['analyses'], querystring: selection });
  const within = (request: FastifyRequest) => telemetry.within(reachOf(request));
  const chosen = ({ service, ...range }: z.infer<typeof selection>) => ({ ...rangeOf(range, clock), service });

  routes.get(
    '/api/v1/analyses/error-rate',
    { onRequest, schema: schema('Log lines and errors among them over time') },
    (request): Promise<ErrorRateAnalysis> => readErrorRate(within(request), chosen(request.query)),
  );
  routes.get(
    '/api/v1/analyses/endpoints',
    { onRequest, schema: schema('Requests and durations by endpoint, the slowest first') },
    (request): Promise<EndpointAnalysis> => readEndpoints(within(request), chosen(request.query)),
  );
  routes.get(
    '/api/v1/analyses/security',
    { onRequest, schema: schema('Security events by kind and severity') },
    (request): Promise<SecurityAnalysis> => readSecurity(within(request), chosen(request.query)),
  );
  routes.get(
    '/api/v1/analyses/business',
    { onRequest, schema: schema('Business events by name') },
    (request): Promise<BusinessAnalysis> => readBusiness(within(request), chosen(request.query)),
  );
  routes.get(
    '/api/v1/analyses/funnel',
    {
      onRequest,
      schema: {
        summary: 'How many people went how far through business events',
        tags: ['analyses'],
        querystring: selection.extend({ events, within: duration }),
      },
    },
    (request): Promise<FunnelAnalysis> => {
      const { events, within: withinMs, ...query } = request.query;
      return readFunnel(within(request), { ...chosen(query), events, withinMs });
    },
  );
}
