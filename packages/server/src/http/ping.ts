import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { YumOpsError } from '../lib/errors.ts';
import { scrubTree } from '../observe/ingest/index.ts';
import type { BeatOutcome, BeatSignal } from '../observe/uptime/index.ts';

export interface PingDeps {
  /** Keeps a beat, unless its token is unknown or only POST counts. */
  beat(token: string, signal: BeatSignal, isPost: boolean): Promise<BeatOutcome>;
}

/** Bytes of a job's output that are kept: its end, where errors stand. */
const OUTPUT_LIMIT = 4_096;

const token = z.string().min(1).max(300);
const action = z
  .string()
  .regex(/^(start|fail|\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/, 'expected start, fail or an exit code from 0 to 255');

/**
 * Where jobs tell of themselves: `/ping/TOKEN` after a good end, `/start`, `/fail`, or `/EXIT` with an exit code. The
 * token is the permission. A body is the job's output. HEAD, which Fastify answers by the handler of GET, counts as
 * it does for Healthchecks.io: jobs that only look at the status ask so.
 */
export async function pingRoutes(app: FastifyInstance, deps: PingDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request: unknown, payload: Readable) => lastOf(payload));
    const routes = scope.withTypeProvider<ZodTypeProvider>();
    const keep = async ({ method }: FastifyRequest, reply: FastifyReply, token: string, signal: BeatSignal) => {
      const outcome = await deps.beat(token, signal, method === 'POST');
      if (outcome === 'unknown') throw unknownToken();
      if (outcome === 'post_only') {
        reply.header('allow', 'POST');
        throw postOnly(method);
      }
      return reply.type('text/plain').send('OK\n');
    };
    routes.route({
      method: ['GET', 'POST'],
      url: '/ping/:token',
      schema: { security: [], params: z.object({ token }) },
      handler: (request, reply) =>
        keep(request, reply, request.params.token, { kind: 'success', exit: null, output: textOf(request.body) }),
    });
    routes.route({
      method: ['GET', 'POST'],
      url: '/ping/:token/:action',
      schema: { security: [], params: z.object({ token, action }) },
      handler: (request, reply) => {
        const { token, action } = request.params;
        return keep(request, reply, token, { ...signalOf(action), output: textOf(request.body) });
      },
    });
  });
}

/** `start`, `fail`, or an exit code: 0 is a good end. */
function signalOf(action: string): Pick<BeatSignal, 'kind' | 'exit'> {
  if (action === 'start' || action === 'fail') return { kind: action, exit: null };
  const exit = Number(action);
  return { kind: exit === 0 ? 'success' : 'fail', exit };
}

function unknownToken(): YumOpsError {
  return new YumOpsError('heartbeat_not_found', 'There is no heartbeat with this token.', { status: 404 });
}

function postOnly(method: string): YumOpsError {
  return new YumOpsError('post_only', `This heartbeat takes POST alone; ${method} does not count.`, {
    status: 405,
    hint: 'Let the job call it with POST (`curl -X POST`), or remove post_only from the monitor.',
  });
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? String(scrubTree(body)) : '';
}

/** The end of a body as text; a beat counts however much the job printed. */
async function lastOf(payload: Readable): Promise<string> {
  let kept = Buffer.alloc(0);
  for await (const chunk of payload) kept = Buffer.concat([kept, chunk as Buffer]).subarray(-OUTPUT_LIMIT);
  return kept
    .toString('utf8')
    .replace(/^\uFFFD+/, '')
    .replaceAll('\0', '');
}
