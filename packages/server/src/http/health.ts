import type { FastifyInstance, FastifyReply } from 'fastify';
import type { HealthAnswer, PlatformHealth } from '../observe/health/index.ts';
import type { Guard } from './access.ts';

function send<Body>(reply: FastifyReply, { statusCode, headers, body }: HealthAnswer<Body>): FastifyReply {
  return reply.code(statusCode).headers(headers).send(body);
}

/** The platform's own health: public are only the two words that a load balancer needs. */
export function healthRoutes(app: FastifyInstance, deps: { health: PlatformHealth; guard: Guard }): void {
  app.get('/livez', async (_request, reply) => send(reply, deps.health.livez()));
  app.get('/readyz', async (_request, reply) => send(reply, await deps.health.readyz()));
  app.get('/api/v1/health', { onRequest: deps.guard('viewer') }, async (_request, reply) =>
    send(reply, await deps.health.detailed()),
  );
}
