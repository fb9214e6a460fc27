import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { YumOpsError } from '../lib/errors.ts';
import { scrubTree } from '../observe/ingest/index.ts';
import type { BeatSignal } from '../observe/uptime/index.ts';

export interface PingDeps {
  /** Keeps a beat. @returns whether the token is known */
  beat(token: string, signal: BeatSignal): Promise<boolean>;
}

/** Bytes of a job's output that are kept: its end, where errors stand. */
const OUTPUT_LIMIT = 4_096;

const token = z.string().min(1).max(300);
const action = z
  .string()
  .regex(/^(start|fail|\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/, 'expected start, fail or an exit code from 0 to 255');

/**
 * Where jobs tell of themselves: `/ping/TOKEN` after a good end, `/start`, `/fail`, or `/EXIT` with an exit code. The
 * token is the permission. A body is the job's output.
 */
export async function pingRoutes(app: FastifyInstance, deps: PingDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request: unknown, payload: Readable) => lastOf(payload));
    const routes = scope.withTypeProvider<ZodTypeProvider>();
    const keep = async (token: string, signal: BeatSignal, reply: FastifyReply) => {
      if (!(await deps.beat(token, signal))) throw unknownToken();
      return reply.type('text/plain').send('OK\n');
    };
    routes.route({
      method: ['GET', 'POST'],
      url: '/ping/:token',
      schema: { security: [], params: z.object({ token }) },
      handler: ({ params, body }, reply) =>
        keep(params.token, { kind: 'success', exit: null, output: textOf(body) }, reply),
    });
    routes.route({
      method: ['GET', 'POST'],
      url: '/ping/:token/:action',
      schema: { security: [], params: z.object({ token, action }) },
      handler: ({ params, body }, reply) =>
        keep(params.token, { ...signalOf(params.action), output: textOf(body) }, reply),
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
