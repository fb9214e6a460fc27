import type { RuleReplay } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import type { Alerting, BucketSource, Excluded } from '../respond/alerting/index.ts';
import { replayRule } from '../respond/simulate/index.ts';
import { type Guard, reachOf } from './access.ts';
import { ruleDetail, ruleReplay } from './alert-shapes.ts';

export interface RuleRouteDeps {
  alerting: Alerting;
  buckets: BucketSource;
  guard: Guard;
  clock: Clock;
}

/** The longest time that one answer replays; `yumops replay` takes longer ones. */
const LONGEST_MS = 86_400_000;

const name = z.object({ name: z.string().min(1).max(300) });
const since = z
  .string()
  .max(20)
  .default('24h')
  .describe('How far back, at most 24h')
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0 && ms <= LONGEST_MS) return ms;
    context.addIssue({ code: 'custom', message: `"${text}" is not a time of at most 24 hours` });
    return z.NEVER;
  });

/** One rule with what it saw of late, and what it would have done over the last hours. */
export function ruleRoutes(app: FastifyInstance, { alerting, buckets, guard, clock }: RuleRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer', 'project');

  routes.get(
    '/api/v1/rules/:name',
    {
      onRequest,
      schema: {
        summary: 'A rule and what it saw of late',
        ...{ tags: ['alerts'], params: name, response: { 200: ruleDetail } },
      },
    },
    async (request) => alerting.pages.within(reachOf(request)).rule(request.params.name, clock.now()),
  );
  routes.get(
    '/api/v1/rules/:name/replay',
    {
      onRequest,
      schema: {
        summary: 'What a rule would have done over stored history',
        tags: ['alerts'],
        params: name,
        querystring: z.object({ since }),
        response: { 200: ruleReplay },
      },
    },
    async (request): Promise<RuleReplay> => {
      const { params, query } = request;
      const to = clock.now();
      const rule = alerting.pages.within(reachOf(request)).ruleNamed(params.name);
      const planned = await alerting.pages.planned(to);
      const excluded: Excluded = (slo, from, until) => planned.excludedOf(slo, from, until);
      const { episodes, evaluations } = await replayRule(rule, buckets, { from: to - query.since, to, excluded });
      const iso = (ms: number) => new Date(ms).toISOString();
      return {
        ...{ rule: rule.name, from: iso(to - query.since), to: iso(to), evaluations },
        episodes: episodes
          .map(({ labels, start, end, flaps, reason }) => ({
            ...{ labels: { ...labels }, start: iso(start), end: end === null ? null : iso(end), flaps, reason },
          }))
          .toReversed(),
      };
    },
  );
}
