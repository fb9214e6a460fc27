import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { MAX_INGEST_BODY } from '@yumops/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import type { ForeignFormat, Ingest } from '../observe/ingest/index.ts';
import type { FindIngestKey } from './access.ts';
import { bodyOf, withBody } from './body.ts';
import { allowAnyOrigin, preflight } from './cors.ts';
import { authorizeServer, keyOf } from './ingest-key.ts';

export interface ForeignLogDeps {
  ingest: Pick<Ingest, 'accept'>;
  findIngestKey: FindIngestKey;
  /** The key of automation, which may sign drains too. */
  presetKey: string | undefined;
  /** Settings of Vercel's drains. */
  vercel(): VercelDrain | null;
}

export interface VercelDrain {
  /** Signs the bodies. */
  secret: Secret | null;
  /** What Vercel wants to see in `x-vercel-verify` before it uses the drain. */
  verify: string | null;
}

/** Where clients of Better Stack and the log drains of Vercel send. */
export async function foreignLogRoutes(app: FastifyInstance, deps: ForeignLogDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    const summary = 'Take in logs of a Better Stack (Logtail) client';
    for (const url of ['/', '/ingest/logtail']) {
      scope.post(url, { schema: { summary, tags: ['ingest'] } }, (request, reply) => {
        allowAnyOrigin(reply);
        return takeLogtail(request, reply, deps);
      });
      // `@logtail/browser` sends from pages, with its token in a header.
      scope.options(url, { schema: { hide: true } }, preflight('authorization, content-type, content-encoding'));
    }
    scope.post(
      '/ingest/vercel',
      { schema: { summary: 'Take in a Vercel log drain', tags: ['ingest'] } },
      (request, reply) => takeVercel(request, reply, deps),
    );
  });
}

const LOGTAIL_FORMATS: Record<string, ForeignFormat> = {
  'application/msgpack': 'logtail-msgpack',
  'application/x-msgpack': 'logtail-msgpack',
  'application/x-ndjson': 'logtail-ndjson',
};

async function takeLogtail(request: FastifyRequest, reply: FastifyReply, deps: ForeignLogDeps) {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  const format = LOGTAIL_FORMATS[type] ?? 'logtail-json';
  await closing(request, reply, async () => {
    const key = await authorizeServer(request, deps.findIngestKey).catch((error: unknown) => {
      if (error instanceof YumOpsError && error.status === 401) throw unauthorized(error);
      throw error;
    });
    await withBody(bodyOf(request), request.headers['content-encoding'], MAX_INGEST_BODY, (body) =>
      deps.ingest.accept({ body, format, project: key.project ?? '1' }).catch((error: unknown) => {
        if (error instanceof YumOpsError && error.code === 'unparsable') throw notAcceptable(error);
        throw error;
      }),
    );
  });
  return reply.code(202).send();
}

/** The statuses that these clients know. */
function unauthorized(cause: YumOpsError): YumOpsError {
  return new YumOpsError('unauthorized', 'Unauthorized', { status: 403, hint: cause.hint ?? cause.message, cause });
}

function notAcceptable(cause: YumOpsError): YumOpsError {
  return new YumOpsError(cause.code, cause.message, { status: 406, cause });
}

async function takeVercel(request: FastifyRequest, reply: FastifyReply, deps: ForeignLogDeps) {
  const drain = deps.vercel();
  if (drain?.verify != null) reply.header('x-vercel-verify', drain.verify);
  await closing(request, reply, () =>
    withBody(bodyOf(request), request.headers['content-encoding'], MAX_INGEST_BODY, async (body) => {
      const project = await authorizeDrain(request, body, drain, deps);
      const batchId = createHash('sha256').update(body).digest('hex').slice(0, 32);
      await deps.ingest.accept({ body, format: 'vercel', project, batchId: `vercel-${batchId}` });
    }),
  );
  return reply.code(200).send({});
}

/**
 * A drain proves itself by its signature with the secret of the configuration, or with the ingest key that it names in
 * `?key=` or a header; an ingest key alone is enough where nothing was signed.
 */
async function authorizeDrain(
  request: FastifyRequest,
  body: Uint8Array,
  drain: VercelDrain | null,
  { findIngestKey: find, presetKey }: ForeignLogDeps,
): Promise<string> {
  const signature = request.headers['x-vercel-signature'];
  if (typeof signature !== 'string' || signature === '') return (await authorizeServer(request, find)).project ?? '1';
  const secrets = [drain?.secret?.reveal(), presetKey];
  if (secrets.some((secret) => secret !== undefined && isSignature(signature, body, secret))) return '1';
  const key = keyOf(request);
  if (key !== undefined && isSignature(signature, body, key))
    return (await authorizeServer(request, find)).project ?? '1';
  throw new YumOpsError('bad_signature', 'The signature of the drain does not fit its body.', {
    hint: 'Set ingest.vercel.secret to the secret of the drain.',
    status: 403,
  });
}

function isSignature(given: string, body: Uint8Array, secret: string): boolean {
  const expected = createHmac('sha1', secret).update(body).digest();
  const actual = Buffer.from(given.trim().toLowerCase(), 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** What is left of the body of a refused request would be read as the next request. */
async function closing<T>(request: FastifyRequest, reply: FastifyReply, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!request.raw.complete) reply.header('connection', 'close');
    throw error;
  }
}
