import { MAX_INGEST_BODY } from '@yumops/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';
import type { BodyFormat, Ingest } from '../observe/ingest/index.ts';
import type { FindIngestKey } from './access.ts';
import { bodyOf, withBody } from './body.ts';
import { authorizeServer } from './ingest-key.ts';

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
    const key = await authorizeServer(request, deps.findIngestKey);
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

function readBatchId(request: FastifyRequest): string | undefined {
  const header = request.headers['x-yumops-batch'];
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\w-]{8,64}$/.test(header)) {
    throw new YumOpsError('invalid_batch_id', 'The header x-yumops-batch must be a UUID.', { status: 400 });
  }
  return header.toLowerCase();
}
