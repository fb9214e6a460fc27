import { constants } from 'node:zlib';
import fastifyCompress from '@fastify/compress';
import fastifySwagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Log } from '../lib/log.ts';
import { CONTENT_SECURITY_POLICY } from './console.ts';
import { installErrorHandler } from './error-handler.ts';
import { documentRoles } from './guard.ts';
import { closeUnusedConnections } from './unused-connections.ts';

/** Milliseconds in which a request must have arrived whole; a body that trickles would hold memory for ever. */
const REQUEST_TIMEOUT = 120_000;

/**
 * Makes the HTTP server without any route: validation by zod, errors in one shape, security headers, the OpenAPI
 * document. Forwarded headers are not trusted.
 */
export async function createHttpServer(options: { log: Log; version: string }): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT,
    routerOptions: { maxParamLength: 700 },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  installErrorHandler(app, options.log);
  closeUnusedConnections(app);
  documentRoles(app);
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('referrer-policy')) reply.header('referrer-policy', 'same-origin');
    reply.header('cross-origin-opener-policy', 'same-origin');
  });
  await app.register(fastifyCompress, {
    encodings: ['br', 'gzip'],
    threshold: 2_048,
    globalDecompression: false,
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
  });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'YumOps', version: options.version },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'yumops.session_token' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
  });
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  return app;
}
