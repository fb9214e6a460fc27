import type { Readable } from 'node:stream';
import { MAX_INGEST_BODY } from '@yumops/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import type { BodyFormat, Ingest } from '../observe/ingest/index.ts';
import type { FindIngestKey, IngestKey } from './access.ts';
import { withBody } from './body.ts';

export interface IngestRouteDeps {
  ingest: Pick<Ingest, 'accept'>;
  findIngestKey: FindIngestKey;
  /** Project of records whose key belongs to none. */
  defaultProject?: string;
}

/** `POST /ingest/ndjson` and `POST /ingest/json`: log records, for keys of servers. */
export function ingestRoutes(app: FastifyInstance, deps: IngestRouteDeps): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    for (const format of ['ndjson', 'json'] as const) {
      scope.post(
        `/ingest/${format}`,
        {
          schema: {
            summary: `Take in log records as ${format === 'json' ? 'one JSON object or an array' : 'JSON lines'}`,
            tags: ['ingest'],
          },
        },
        (request, reply) => take(request, reply, format, deps),
      );
    }
  });
}

async function take(request: FastifyRequest, reply: FastifyReply, format: BodyFormat, deps: IngestRouteDeps) {
  try {
    const key = await authorize(request, deps.findIngestKey);
    const batchId = readBatchId(request);
    const project = key.project ?? deps.defaultProject ?? '1';
    const answer = await withBody(bodyOf(request), request.headers['content-encoding'], MAX_INGEST_BODY, (body) =>
      deps.ingest.accept({ body, format, project, ...(batchId === undefined ? {} : { batchId }) }),
    );
    return reply.code(202).send(answer);
  } catch (error) {
    // What is left of the body would be read as the next request.
    if (!request.raw.complete) reply.header('connection', 'close');
    throw error;
  }
}

async function authorize(request: FastifyRequest, find: FindIngestKey): Promise<IngestKey> {
  const secret = keyOf(request);
  const key = secret === undefined ? undefined : await find(secret);
  if (!key) {
    throw new YumOpsError(
      'invalid_key',
      secret === undefined ? 'An ingest key is needed.' : 'The ingest key is not known.',
      {
        status: 401,
        hint: 'Send it in the header x-yumops-key, as a Bearer token, or as ?key=.',
      },
    );
  }
  if (key.scope === 'public') {
    throw new YumOpsError('key_scope', 'A public key cannot send logs.', {
      status: 403,
      hint: 'Use a key of scope "server", and keep it out of browsers.',
    });
  }
  return key;
}

function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-yumops-key'];
  if (typeof header === 'string' && header !== '') return header;
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const { key } = request.query as { key?: unknown };
  return typeof key === 'string' && key !== '' ? key : undefined;
}

function readBatchId(request: FastifyRequest): string | undefined {
  const header = request.headers['x-yumops-batch'];
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\w-]{8,64}$/.test(header)) {
    throw new YumOpsError('invalid_batch_id', 'The header x-yumops-batch must be a UUID.', { status: 400 });
  }
  return header.toLowerCase();
}

/** The body's stream; without a content type Fastify does not parse, and the request itself is the stream. */
function bodyOf(request: FastifyRequest): Readable {
  const body = request.body as Readable | undefined;
  return body ?? request.raw;
}
