import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { YumOpsError } from '../lib/errors.ts';

/** The one style element that the component library injects is allowed by its hash. */
const STYLE_HASH = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='";

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${STYLE_HASH}`,
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Serves the built console: hashed assets for ever, the page itself for every path that is neither the API's nor an asset's. */
export async function consoleRoutes(app: FastifyInstance, deps: { folder: string }): Promise<void> {
  const page = await readFile(join(deps.folder, 'index.html'), 'utf8').catch((cause: unknown) => {
    throw new YumOpsError('console_not_built', `There is no console in ${deps.folder}.`, {
      hint: 'Run `npm run build`.',
      cause,
    });
  });
  await app.register(fastifyStatic, {
    root: deps.folder,
    index: false,
    wildcard: false,
    preCompressed: true,
    setHeaders(reply, path) {
      reply.setHeader('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = '/'] = request.url.split('?');
    // A script of an earlier release is gone: the page in its place would only fail later, and less clearly.
    const wantsPage =
      /^(GET|HEAD)$/.test(request.method) && !/^\/+(api|ingest|v1|ping|assets|metrics)(\/|$)/.test(path);
    if (!wantsPage) {
      throw new YumOpsError('not_found', `There is no ${request.method} ${path}.`, {
        hint: '/api/openapi.json lists the routes.',
        status: 404,
      });
    }
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
  });
}
