import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  acceptFinding,
  assignFinding,
  type ChangeDeps,
  listScans,
  readFinding,
  readScan,
  reopenFinding,
  reportMarkdown,
  SCAN_KINDS,
  SCAN_SEVERITIES,
  type ScanKind,
  type Scanner,
  toItem,
} from '../care/scan/index.ts';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import { parseInstant } from '../lib/zoned-time.ts';
import type { Guard } from './access.ts';

export interface FindingRouteDeps extends ChangeDeps {
  scanner: Scanner;
  /** Starts the job of a scan. */
  runNow(kind: ScanKind, actor: string): Promise<{ id: string; job: string }>;
  guard: Guard;
  clock: Clock;
}

const tags = ['security'];
const severity = z.enum(SCAN_SEVERITIES);
const id = z.object({ id: z.string().regex(/^[0-9a-z]{1,40}$/) });
const counts = z.object(
  Object.fromEntries(SCAN_SEVERITIES.map((name) => [name, z.number()])) as Record<
    (typeof SCAN_SEVERITIES)[number],
    z.ZodNumber
  >,
);
const item = z.object({
  ...{ id: z.string(), check: z.string(), code: z.string(), subject: z.string(), object: z.string(), severity },
  ...{ message: z.string(), evidence: z.string(), fix: z.string(), owner: z.string().nullable() },
  state: z.enum(['open', 'accepted', 'resolved']),
  ...{ firstSeen: z.string(), lastSeen: z.string(), resolvedAt: z.string().nullable() },
  accepted: z.object({ until: z.string(), reason: z.string(), by: z.string() }).nullable(),
});
const scan = z.object({
  ...{ id: z.string(), kind: z.enum(SCAN_KINDS), startedAt: z.string(), endedAt: z.string(), by: z.string() },
  ...{ summary: z.string(), open: counts },
  ...{ fresh: z.number(), worse: z.number(), gone: z.number(), accepted: z.number() },
});
const report = scan.extend({
  service: z.string(),
  checks: z.array(
    z.object({
      ...{ name: z.string(), title: z.string(), looked: z.string(), findings: z.number(), durationMs: z.number() },
      status: z.enum(['clean', 'findings', 'unknown', 'off']),
    }),
  ),
  ...{ freshFindings: z.array(item), worseFindings: z.array(item), remainingFindings: z.array(item) },
  ...{ goneFindings: z.array(item), acceptedFindings: z.array(item), leftOut: z.number() },
});
const filter = z.object({
  state: z.enum(['open', 'accepted', 'resolved', 'all']).default('open'),
  severity: severity.optional(),
  check: z.string().max(60).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
});
const acceptance = z.object({
  until: z.string().max(40).describe('A time, or a day such as 2027-01-31'),
  reason: z.string().trim().min(3).max(1_000),
});
const assignment = z.object({ owner: z.string().trim().min(1).max(200).nullable() });

/** What scans say is wrong: read it, live with it for a time, give it to somebody; and the scans with their reports. */
export function findingRoutes(app: FastifyInstance, deps: FindingRouteDeps): void {
  listRoutes(app, deps);
  changeRoutes(app, deps);
  scanRoutes(app, deps);
}

function listRoutes(app: FastifyInstance, { scanner, db, guard, clock }: FindingRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer');
  routes.get(
    '/api/v1/security/findings',
    {
      onRequest,
      schema: {
        ...{ summary: 'What scans say is wrong, the gravest first', tags, querystring: filter },
        response: { 200: z.object({ items: z.array(item), nextCursor: z.string().nullable() }) },
      },
    },
    async ({ query: { limit, cursor = '0', ...wanted } }) => {
      const all = await scanner.findings(wanted);
      const from = Number(cursor);
      const next = from + limit;
      return { items: all.slice(from, next), nextCursor: next < all.length ? String(next) : null };
    },
  );
  routes.get(
    '/api/v1/security/findings/:id',
    { onRequest, schema: { summary: 'One finding', tags, params: id, response: { 200: item } } },
    async ({ params }) => toItem(await readFinding(db, params.id), clock.now()),
  );
}

function changeRoutes(app: FastifyInstance, deps: FindingRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('responder');
  const change = (asked: FastifyRequest) => ({ actor: asked.principal?.name ?? 'unknown', now: deps.clock.now() });
  const shown = { params: id, response: { 200: item } };
  routes.post(
    '/api/v1/security/findings/:id/accept',
    { onRequest, schema: { summary: 'Live with a finding until a day', tags, body: acceptance, ...shown } },
    async (asked) => {
      const { until: text, reason } = asked.body;
      const until = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
      if (until === undefined) {
        throw new YumOpsError('until_refused', `"${text}" is not a time.`, {
          hint: 'Write a day such as 2027-01-31, or an ISO time.',
          status: 400,
        });
      }
      const by = change(asked);
      return toItem(await acceptFinding(deps, asked.params.id, { until, reason }, by), by.now);
    },
  );
  routes.post(
    '/api/v1/security/findings/:id/assign',
    { onRequest, schema: { summary: 'Give a finding to somebody, or to nobody', tags, body: assignment, ...shown } },
    async (asked) => {
      const by = change(asked);
      return toItem(await assignFinding(deps, asked.params.id, asked.body.owner, by), by.now);
    },
  );
  routes.post(
    '/api/v1/security/findings/:id/reopen',
    { onRequest, schema: { summary: 'End the acceptance of a finding', tags, ...shown } },
    async (asked) => {
      const by = change(asked);
      return toItem(await reopenFinding(deps, asked.params.id, by), by.now);
    },
  );
}

function scanRoutes(app: FastifyInstance, { db, guard, runNow }: FindingRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard('viewer');
  const limit = z.coerce.number().int().min(1).max(500).default(60);
  routes.get(
    '/api/v1/security/scans',
    {
      onRequest,
      schema: {
        ...{ summary: 'Scans, the newest first', tags, querystring: z.object({ limit }) },
        response: { 200: z.object({ items: z.array(scan), nextCursor: z.null() }) },
      },
    },
    async ({ query }) => ({ items: await listScans(db, query.limit), nextCursor: null }),
  );
  routes.post(
    '/api/v1/security/scans',
    {
      onRequest: guard('responder'),
      schema: {
        ...{ summary: 'Run a scan now', tags, body: z.object({ kind: z.enum(SCAN_KINDS).default('weekly') }) },
        response: { 202: z.object({ id: z.string(), job: z.string() }).describe('The run: GET /api/v1/jobs/runs/:id') },
      },
    },
    async (asked, reply) => {
      const { id: run, job } = await runNow(asked.body.kind, asked.principal?.name ?? 'unknown');
      return reply.code(202).send({ id: run, job });
    },
  );
  routes.get(
    '/api/v1/security/scans/:id',
    {
      onRequest,
      schema: { summary: 'The report of a scan; `latest` is one too', tags, params: id, response: { 200: report } },
    },
    async ({ params }) => readScan(db, params.id),
  );
  routes.get(
    '/api/v1/security/scans/:id/report.md',
    { onRequest, schema: { summary: 'The same as Markdown', tags, params: id } },
    async ({ params }, reply) =>
      reply.type('text/markdown; charset=utf-8').send(reportMarkdown(await readScan(db, params.id))),
  );
}
