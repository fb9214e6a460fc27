import type { FastifyReply, FastifyRequest } from 'fastify';

/** Lets pages of any origin send and read the answer. Whether that may be is the key's matter: there is no cookie. */
export function allowAnyOrigin(reply: FastifyReply): FastifyReply {
  return reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
}

/** Answers what browsers ask before they send. @param headers names of those that a request may carry */
export function preflight(headers: string) {
  return async (_request: FastifyRequest, reply: FastifyReply) =>
    allowAnyOrigin(reply)
      .header('access-control-allow-methods', 'POST, OPTIONS')
      .header('access-control-allow-headers', headers)
      .header('access-control-max-age', '3600')
      .code(204)
      .send();
}
