import { inflateSync } from 'node:zlib';
import { MAX_INGEST_BODY } from '@yumops/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { YumOpsError } from '../lib/errors.ts';
import type { GroupingRule } from '../observe/errors/index.ts';
import { type Ingest, OpenRuns, type SentryFormat } from '../observe/ingest/index.ts';
import type { FindIngestKey, IngestKey } from './access.ts';
import { bodyOf, withBody } from './body.ts';
import { allowAnyOrigin, preflight } from './cors.ts';
import { requireOrigin } from './ingest-key.ts';

export interface SentryRouteDeps {
  ingest: Pick<Ingest, 'acceptSentry'>;
  findIngestKey: FindIngestKey;
  groupingRules?(): readonly GroupingRule[];
}

const ALLOWED_HEADERS =
  'x-sentry-auth, content-type, content-encoding, sentry-trace, baggage, traceparent, authorization, x-requested-with';
const EXPOSED_HEADERS = 'x-sentry-error, x-sentry-rate-limits, retry-after';

const project = z.string().regex(/^\d{1,20}$/, 'the project of a DSN is a number');
const checkInQuery = z.object({
  status: z.enum(['in_progress', 'ok', 'error']).optional(),
  check_in_id: z.string().max(64).optional(),
  duration: z.coerce.number().nonnegative().optional(),
  environment: z.string().max(200).optional(),
});

/**
 * What Sentry's SDKs call: `/api/PROJECT/envelope/`, `store`, `security`, `cron`, `minidump`, with or without the last
 * slash. Any origin may send; which keys are for web pages says their scope.
 */
export async function sentryRoutes(app: FastifyInstance, deps: SentryRouteDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.addHook('onRequest', async (_request, reply) => {
      allowAnyOrigin(reply).header('access-control-expose-headers', EXPOSED_HEADERS);
    });
    bodyRoutes(scope, deps);
    cronRoutes(scope, deps);
  });
}

function bodyRoutes(app: FastifyInstance, deps: SentryRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const params = z.object({ project });
  for (const format of ['envelope', 'store', 'security'] as const) {
    for (const url of [`/api/:project/${format}/`, `/api/:project/${format}`]) {
      routes.post(
        url,
        { schema: { summary: `Take in a Sentry ${SUMMARIES[format]}`, tags: ['ingest'], security: [], params } },
        async (request, reply) => {
          const answer = await take(request, reply, format, request.params.project, deps);
          return reply.code(200).send({ id: answer });
        },
      );
      app.options(url, { schema: { hide: true } }, preflight(ALLOWED_HEADERS));
    }
  }
  for (const url of ['/api/:project/minidump/', '/api/:project/minidump']) {
    routes.post(url, { schema: { hide: true, params } }, async (request) => {
      await authorize(request, request.params.project, deps.findIngestKey, undefined);
      throw new YumOpsError('minidump_unsupported', 'Minidumps of native programs are not taken.', {
        hint: 'Send errors as events. Attachments of events are kept.',
        status: 501,
      });
    });
  }
}

const SUMMARIES = {
  envelope: 'envelope: errors, transactions, spans, sessions, check-ins, logs, feedback, attachments',
  store: 'event of an old SDK',
  security: 'report of a browser: CSP, Expect-CT, NEL, Reporting API',
};

function cronRoutes(app: FastifyInstance, deps: SentryRouteDeps): void {
  const runs = new OpenRuns();
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const params = z.object({ project, slug: z.string().min(1).max(128), key: z.string().min(1).max(200) });
  for (const url of ['/api/:project/cron/:slug/:key/', '/api/:project/cron/:slug/:key']) {
    routes.route({
      method: ['GET', 'POST', 'PUT'],
      url,
      schema: { summary: 'A check-in by one call', tags: ['ingest'], security: [], params, querystring: checkInQuery },
      handler: async (request, reply) => {
        const { project, slug, key } = request.params;
        const found = await authorize(request, project, deps.findIngestKey, key);
        const body = await readCheckIn(request);
        const said = { status: 'ok', ...body, ...request.query, monitor_slug: slug };
        const id = runIdOf(said) ?? runs.idOf(`${project}/${slug}/${said.environment ?? ''}`, String(said.status));
        const item = Buffer.from(JSON.stringify({ ...said, check_in_id: id }));
        const delivery = deliveryOf(request, item, 'check-in', project, found, deps);
        await answerLimits(reply, () => deps.ingest.acceptSentry(delivery));
        return reply.code(202).send({ id });
      },
    });
  }
}

/** The id that a call gives to the run; one of zeros alone is the run that is open. */
function runIdOf({ check_in_id: id }: { check_in_id?: unknown }): string | undefined {
  const plain = typeof id === 'string' ? id.replaceAll('-', '').toLowerCase() : '';
  return /^[0-9a-f]{32}$/.test(plain) && /[^0]/.test(plain) ? plain : undefined;
}

async function readCheckIn(request: FastifyRequest): Promise<Record<string, unknown>> {
  if (request.method === 'GET') return {};
  return withBody(bodyOf(request), request.headers['content-encoding'], 100_000, async (body) => {
    if (body.length === 0) return {};
    const value = parseObject(Buffer.from(body).toString('utf8'));
    if (value) return value;
    throw new YumOpsError('invalid_json', 'The body of a check-in must be a JSON object.', { status: 400 });
  });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

async function take(
  request: FastifyRequest,
  reply: FastifyReply,
  format: 'envelope' | 'store' | 'security',
  project: string,
  deps: SentryRouteDeps,
): Promise<string> {
  try {
    const named = keyOf(request);
    // A tunnel names the key in the envelope itself, so that a request without one is read before it is refused.
    const early =
      named === undefined && format === 'envelope'
        ? undefined
        : await authorize(request, project, deps.findIngestKey, named);
    return await withBody(bodyOf(request), request.headers['content-encoding'], MAX_INGEST_BODY, async (given) => {
      const body = format === 'store' ? unwrap(given) : given;
      const key = early ?? (await authorize(request, project, deps.findIngestKey, keyOfEnvelope(body)));
      const delivery = deliveryOf(request, body, format, project, key, deps);
      return answerLimits(reply, () => deps.ingest.acceptSentry(delivery));
    });
  } catch (error) {
    // What is left of the body would be read as the next request.
    if (!request.raw.complete) reply.header('connection', 'close');
    if (error instanceof YumOpsError) reply.header('x-sentry-error', error.message.replace(/[^\x20-\x7e]/g, '?'));
    throw error;
  }
}

interface NamedKey extends IngestKey {
  secret: string;
}

function deliveryOf(
  request: FastifyRequest,
  body: Uint8Array,
  format: SentryFormat,
  project: string,
  key: NamedKey,
  deps: SentryRouteDeps,
) {
  return {
    body,
    format,
    project: key.project ?? project,
    scope: key.scope,
    key: key.secret,
    ip: request.ip,
    userAgent: request.headers['user-agent'] ?? null,
    rules: deps.groupingRules?.() ?? [],
  };
}

/** Tells the sender of which categories it is to send no more for a while. */
async function answerLimits(reply: FastifyReply, run: () => ReturnType<Ingest['acceptSentry']>): Promise<string> {
  try {
    const { id, limits } = await run();
    if (limits.length > 0) {
      const header = limits.map(({ category, seconds }) => `${seconds}:${category}:key:rate_limited`).join(', ');
      reply.header('x-sentry-rate-limits', header);
    }
    return id;
  } catch (error) {
    if (error instanceof YumOpsError && (error.status === 429 || error.status === 503)) {
      const seconds = Math.ceil(error.retryAfter ?? 60);
      reply.header('retry-after', String(seconds));
      // Without categories: all of them. A bare 429 would stop an SDK for a minute.
      reply.header(
        'x-sentry-rate-limits',
        `${seconds}::${error.code === 'rate_limited' ? 'key' : 'organization'}:${error.code}`,
      );
    }
    throw error;
  }
}

async function authorize(
  request: FastifyRequest,
  project: string,
  find: FindIngestKey,
  given: string | undefined,
): Promise<NamedKey> {
  const secret = given ?? keyOf(request);
  if (secret === undefined) {
    throw new YumOpsError('missing_key', 'The request names no key.', {
      hint: 'Set the DSN to http://KEY@HOST/PROJECT.',
      status: 401,
    });
  }
  const key = await find(secret);
  if (!key) throw new YumOpsError('invalid_key', 'The key of the DSN is not known.', { status: 403 });
  if (key.project !== null && key.project !== project) {
    throw new YumOpsError('wrong_project', `The key belongs to project ${key.project}, not to ${project}.`, {
      status: 403,
    });
  }
  requireOrigin(request, key);
  return { ...key, secret };
}

/** `?sentry_key=`, `X-Sentry-Auth: Sentry sentry_key=…`, `Authorization: Sentry …` or `Bearer …`, our own header. */
function keyOf(request: FastifyRequest): string | undefined {
  const { sentry_key: inQuery } = request.query as { sentry_key?: unknown };
  if (typeof inQuery === 'string' && inQuery !== '') return inQuery;
  for (const header of [request.headers['x-sentry-auth'], request.headers.authorization]) {
    const key =
      typeof header === 'string' ? /^(?:Sentry\b.*?\bsentry_key=|Bearer\s+)([^\s,]+)/i.exec(header)?.[1] : undefined;
    if (key !== undefined) return key;
  }
  const own = request.headers['x-yumops-key'];
  return typeof own === 'string' && own !== '' ? own : undefined;
}

/** The key in the `dsn` of an envelope's header. */
function keyOfEnvelope(body: Uint8Array): string | undefined {
  const newline = body.indexOf(10);
  const end = Math.min(newline === -1 ? body.length : newline, 65_536);
  const dsn = parseObject(Buffer.from(body.subarray(0, end)).toString('utf8'))?.['dsn'];
  if (typeof dsn !== 'string' || !URL.canParse(dsn)) return undefined;
  return new URL(dsn).username || undefined;
}

/** Old SDKs send Base64 of what they deflated, and say nothing of it. */
function unwrap(body: Uint8Array): Uint8Array {
  const first = body.find((byte) => byte > 32);
  if (first === undefined || first === 123) return body;
  try {
    const packed = Buffer.from(Buffer.from(body).toString('latin1'), 'base64');
    return new Uint8Array(inflateSync(packed, { maxOutputLength: 4_194_304 }));
  } catch {
    return body;
  }
}
