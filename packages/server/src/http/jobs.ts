import type { JobDetail, JobItem, JobRun, JobRunDetail, Page } from '@yumops/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type JobState, medianOf, type Run, type Scheduler, slowAfter } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Guard } from './access.ts';
import { rangeOf, timeRange } from './time-range.ts';

const byName = z.object({ name: z.string().min(1).max(200) });
const runs = z.object({ ...timeRange, limit: z.coerce.number().int().min(1).max(1_000).default(200) });
const byId = z.object({ id: z.string().min(1).max(64) });
const options = z.record(z.string().max(64), z.unknown()).describe('Options of the job, such as {"dryRun": true}');

const iso = (at: number) => new Date(at).toISOString();
const isoOrNull = (at: number | null) => (at === null ? null : iso(at));

/** A run as the API tells it. */
export function runOf(run: Run): JobRun {
  const { slot, queuedAt, startedAt, endedAt, ...rest } = run;
  return {
    ...rest,
    options: { ...run.options },
    detail: run.detail && { ...run.detail },
    slot: isoOrNull(slot),
    queuedAt: iso(queuedAt),
    startedAt: isoOrNull(startedAt),
    endedAt: isoOrNull(endedAt),
    durationMs: startedAt === null || endedAt === null ? null : Math.round(endedAt - startedAt),
  };
}

function itemOf({ job, nextAt, runs, problems }: JobState): JobItem {
  const durations = runs
    .filter(({ status }) => status === 'succeeded')
    .map(({ startedAt, endedAt }) => (endedAt ?? 0) - (startedAt ?? 0));
  const last = runs.find(({ startedAt, endedAt }) => startedAt !== null && endedAt !== null);
  const active = runs.find(({ status }) => status === 'queued' || status === 'running');
  return {
    name: job.name,
    title: job.title,
    schedule: job.schedule?.pattern ?? null,
    timeZone: job.schedule?.timeZone ?? null,
    group: job.group,
    nextRunAt: isoOrNull(nextAt),
    lastRun: last ? runOf(last) : null,
    activeRun: active ? runOf(active) : null,
    medianMs: medianOf(durations),
    slowAfterMs: slowAfter(durations),
    problems: problems.map(({ code, message, since }) => ({ code, message, since: iso(since) })),
  };
}

/** Jobs: what runs, what ran, what comes, and starting or cancelling by hand. */
export function jobRoutes(
  app: FastifyInstance,
  { scheduler, guard, clock }: { scheduler: Scheduler; guard: Guard; clock: Clock },
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const read = guard('viewer');
  const act = guard('responder');
  const actor = (request: FastifyRequest) => request.principal?.name ?? 'unknown';

  routes.get(
    '/api/v1/jobs',
    { onRequest: read, schema: {} },
    async (): Promise<Page<JobItem>> => ({
      items: (await scheduler.list()).map(itemOf),
      nextCursor: null,
    }),
  );
  routes.get(
    '/api/v1/jobs/:name',
    { onRequest: read, schema: { params: byName } },
    async ({ params }): Promise<JobDetail> => {
      const state = await scheduler.detail(params.name);
      return { ...itemOf(state), runs: state.runs.map(runOf) };
    },
  );
  routes.get(
    '/api/v1/jobs/runs',
    { onRequest: read, schema: { summary: 'Runs of all jobs in a time, newest first', querystring: runs } },
    async ({ query }): Promise<Page<JobRun>> => {
      const { from, to } = rangeOf(query, clock);
      const found = await scheduler.runsBetween(from, to);
      return { items: found.slice(0, query.limit).map(runOf), nextCursor: null };
    },
  );
  routes.get(
    '/api/v1/jobs/runs/:id',
    { onRequest: read, schema: { params: byId } },
    async ({ params }): Promise<JobRunDetail> => {
      const { run, log } = await scheduler.run(params.id);
      return { ...runOf(run), log: log.map(({ at, text }) => ({ at: iso(at), text })) };
    },
  );
  routes.post(
    '/api/v1/jobs/:name/run',
    { onRequest: act, schema: { params: byName, body: z.object({ options: options.optional() }).optional() } },
    async (request, reply) => {
      const run = await scheduler.runNow(request.params.name, actor(request), request.body?.options ?? {});
      return reply.code(202).send(runOf(run));
    },
  );
  routes.post('/api/v1/jobs/runs/:id/cancel', { onRequest: act, schema: { params: byId } }, async (request, reply) => {
    await scheduler.cancel(request.params.id, actor(request));
    return reply.code(202).send({ id: request.params.id });
  });
}
