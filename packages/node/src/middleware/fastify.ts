import type { IncomingMessage, ServerResponse } from 'node:http';
import { handleInRequest } from './framework-request.ts';
import { type RequestLogOptions, requestPolicy } from './request-policy.ts';

/** What is used of Fastify's request and reply. */
interface FastifyRequest {
  raw: IncomingMessage;
  routeOptions?: { url?: string };
}
interface FastifyReply {
  raw: ServerResponse;
}

type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/** Any Fastify instance. */
interface FastifyInstance {
  addHook: (...args: never[]) => unknown;
}

/** Fastify plugin that logs every request once, those of other plugins too: `await app.register(requestLogger)`. */
export function requestLogger(app: FastifyInstance, options: RequestLogOptions, done: (error?: Error) => void): void {
  const policy = requestPolicy(options);
  const onRequest: OnRequest = (request, reply, next) =>
    handleInRequest(policy, [request.raw, reply.raw], () => request.routeOptions?.url, next);
  (app.addHook as (name: string, hook: OnRequest) => unknown)('onRequest', onRequest);
  done();
}

// As `fastify-plugin` does it: the hook holds for the instance that registers the plugin, not for a child of it.
Object.assign(requestLogger, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@yumops/node',
});
