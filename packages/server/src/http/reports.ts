import type { JobRun, ReportDetail } from '@yumops/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  REPORT_KINDS,
  type Reports,
  reportHtml,
  reportJobName,
  reportMarkdown,
  reportText,
} from '../care/reports/index.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Guard } from './access.ts';
import { runOf } from './jobs.ts';
import { reportDetail, reportPage } from './report-shapes.ts';
import { readInstant } from './time-range.ts';

const kind = z.enum(REPORT_KINDS as [(typeof REPORT_KINDS)[number]]);
const list = z.object({
  kind: kind.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(40).optional(),
});
const params = z.object({
  id: z.string().min(1).max(60).describe('Id, also with .json, .html, .md or .txt behind it'),
});
const order = z.object({
  kind,
  to: z.string().max(40).optional().describe('Where the period ends, ISO 8601; default now'),
  send: z.boolean().default(false).describe('Whether its receivers get it'),
});

export interface ReportRouteDeps {
  reports: Reports;
  scheduler: Pick<Scheduler, 'runNow'>;
  guard: Guard;
}

/** How each form of a report is written. Styles stand at the elements, as mail wants them; nothing else is loaded or run. */
const FORMS = {
  html: { type: 'text/html; charset=utf-8', write: reportHtml },
  md: { type: 'text/markdown; charset=utf-8', write: reportMarkdown },
  txt: { type: 'text/plain; charset=utf-8', write: reportText },
} as const;
const HTML_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const ACCEPTED = [
  ['application/json', 'json'],
  ['text/html', 'html'],
  ['text/markdown', 'md'],
  ['text/plain', 'txt'],
] as const;

/** The id of an address without its suffix, and the form that is wanted: by suffix, else by Accept, else JSON. */
function wanted({ id }: { id: string }, request: FastifyRequest): { id: string; form: 'json' | keyof typeof FORMS } {
  const [, plain = id, suffix] = /^(.+)\.(json|html|md|txt)$/.exec(id) ?? [];
  if (suffix !== undefined) return { id: plain, form: suffix as 'json' | keyof typeof FORMS };
  const accept = request.headers.accept ?? '';
  const places = ACCEPTED.map(([type, form]) => ({ form, at: accept.indexOf(type) })).filter(({ at }) => at >= 0);
  const [first] = places.sort((a, b) => a.at - b.at);
  return { id, form: first?.form ?? 'json' };
}

function send(reply: FastifyReply, report: ReportDetail, form: 'json' | keyof typeof FORMS) {
  void reply.header('vary', 'accept');
  if (form === 'json') return reply.send(report);
  const { type, write } = FORMS[form];
  if (form === 'html') void reply.header('content-security-policy', HTML_POLICY);
  return reply
    .type(type)
    .serializer((text: unknown) => String(text))
    .send(write(report));
}

/** Reports: those that were made, and making one now. */
export function reportRoutes(app: FastifyInstance, { reports, scheduler, guard }: ReportRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['reports'];
  routes.get(
    '/api/v1/reports',
    {
      onRequest: guard('viewer'),
      schema: { summary: 'Reports, newest first', tags, querystring: list, response: { 200: reportPage } },
    },
    async ({ query }) => reports.list(query),
  );
  routes.get(
    '/api/v1/reports/:id',
    {
      onRequest: guard('viewer'),
      schema: {
        summary: 'A report as JSON, HTML, Markdown or text, by Accept or suffix',
        tags,
        params,
        response: { 200: reportDetail },
      },
    },
    async (request, reply) => {
      const { id, form } = wanted(request.params, request);
      return send(reply, await reports.read(id), form);
    },
  );
  routes.post(
    '/api/v1/reports',
    {
      onRequest: guard('responder'),
      schema: {
        summary: 'Make a report now; the answer is the run of the job that makes it, whose detail will name the report',
        tags,
        body: order,
        response: { 202: z.custom<JobRun>().describe('A run, as of `GET /api/v1/jobs/runs/:id`') },
      },
    },
    async (request, reply) => {
      const { to: text, ...wish } = request.body;
      const to = text === undefined ? undefined : readInstant(text);
      if (text !== undefined && to === undefined) {
        throw new YumOpsError('invalid_time', `"${text}" is not a time.`, {
          hint: 'Write for example 2026-11-30T00:00:00Z.',
          status: 400,
        });
      }
      const options = { send: wish.send, ...(to !== undefined && { to }) };
      const run = await scheduler.runNow(reportJobName(wish.kind), request.principal?.name ?? 'unknown', options);
      return reply.code(202).send(runOf(run));
    },
  );
}
