import type { FastifyInstance } from 'fastify';

/**
 * A request without a body is one with nothing in it: routes that need nothing take it, the others name what is missing.
 * Many clients say that they send JSON with every request, also with those that have no body.
 */
export function takeMissingBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw: { headers } }) => {
    const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
    if (isEmpty && headers['content-type']?.startsWith('application/json')) delete headers['content-type'];
  });
  app.addHook('preValidation', async (request) => {
    const wantsBody = request.routeOptions.schema?.body !== undefined;
    if (wantsBody && (request.body === null || request.body === undefined)) request.body = {};
  });
}
