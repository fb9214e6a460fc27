import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const MAX_BYTES = 262_144;

/** A form as it came, for signatures count its bytes. */
export type SignedForm = (request: FastifyRequest<{ Body: string }>, reply: FastifyReply) => Promise<unknown>;

/**
 * Registers routes that a vendor posts signed content to; the body is the raw text.
 * @param contentType what the vendor sends
 */
export function signedFormRoutes(
  app: FastifyInstance,
  summary: string,
  routes: Readonly<Record<string, SignedForm>>,
  contentType = 'application/x-www-form-urlencoded',
): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(contentType, { parseAs: 'string', bodyLimit: MAX_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    for (const [path, handle] of Object.entries(routes)) {
      scope.post<{ Body: string }>(path, { schema: { summary, tags: ['integrations'], security: [] } }, handle);
    }
  });
}

/** A header that is there once. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
