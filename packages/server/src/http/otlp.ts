import { MAX_INGEST_BODY } from '@yumops/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import {
  exportAnswer,
  type Ingest,
  type OtlpEncoding,
  type OtlpSignal,
  statusAnswer,
} from '../observe/ingest/index.ts';
import type { FindIngestKey } from './access.ts';
import { bodyOf, withBody } from './body.ts';
import { authorizeServer } from './ingest-key.ts';

export interface OtlpRouteDeps {
  ingest: Pick<Ingest, 'acceptOtlp'>;
  findIngestKey: FindIngestKey;
}

const CONTENT_TYPES: Record<OtlpEncoding, string> = { protobuf: 'application/x-protobuf', json: 'application/json' };

/**
 * OTLP over HTTP: `POST /v1/logs`, `/v1/traces`, `/v1/metrics`, also under `/otlp`, in protobuf and JSON. Answers are in
 * the encoding of the request; what was refused of a request is told in `partialSuccess`.
 */
export async function otlpRoutes(app: FastifyInstance, deps: OtlpRouteDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    for (const signal of ['logs', 'traces', 'metrics'] as const) {
      const schema = {
        summary: `Take in OpenTelemetry ${signal} (OTLP over HTTP, protobuf or JSON)`,
        tags: ['ingest'],
      };
      scope.post(`/v1/${signal}`, { schema }, (request, reply) => take(request, reply, signal, deps));
      scope.post(`/otlp/v1/${signal}`, { schema: { hide: true } }, (request, reply) =>
        take(request, reply, signal, deps),
      );
    }
  });
}

async function take(request: FastifyRequest, reply: FastifyReply, signal: OtlpSignal, deps: OtlpRouteDeps) {
  const encoding = encodingOf(request);
  if (encoding === undefined) {
    reply.header('connection', 'close');
    throw new YumOpsError('unsupported_type', 'OTLP is sent as application/x-protobuf or application/json.', {
      status: 415,
    });
  }
  reply.type(CONTENT_TYPES[encoding]);
  try {
    const key = await authorizeServer(request, deps.findIngestKey);
    const project = key.project ?? '1';
    const outcome = await withBody(bodyOf(request), request.headers['content-encoding'], MAX_INGEST_BODY, (body) =>
      deps.ingest.acceptOtlp({ body, form: { signal, encoding }, project }),
    );
    return reply.code(200).send(Buffer.from(exportAnswer(signal, encoding, outcome)));
  } catch (error) {
    if (!request.raw.complete) reply.header('connection', 'close');
    if (!(error instanceof YumOpsError)) throw error;
    if (error.retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfter)));
    return reply.code(error.status).send(Buffer.from(statusAnswer(encoding, error.status, error.message)));
  }
}

function encodingOf(request: FastifyRequest): OtlpEncoding | undefined {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : undefined;
}
