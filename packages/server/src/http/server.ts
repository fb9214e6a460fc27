import { constants } from 'node:zlib';
import fastifyCompress from '@fastify/compress';
import fastifySwagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Log } from '../lib/log.ts';
import { CONTENT_SECURITY_POLICY } from './console.ts';
import { installErrorHandler } from './error-handler.ts';
import { documentRoles } from './guard.ts';
import { takeMissingBodies } from './no-body.ts';
import { closeUnusedConnections } from './unused-connections.ts';

/** Milliseconds in which a request must have arrived whole; a body that trickles would hold memory for ever. */
const REQUEST_TIMEOUT = 120_000;

/**
 * Makes the HTTP server without any route: validation by zod, errors in one shape, security headers, the OpenAPI
 * document. Forwarded headers are not trusted.
 */
export async function createHttpServer(options: {
  log: Log;
  version: string;
  /** Whether people reach the console by https; browsers then never try http again. */
  https?: boolean;
}): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT,
    routerOptions: { maxParamLength: 700 },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  installErrorHandler(app, options.log);
  takeMissingBodies(app);
  closeUnusedConnections(app);
  documentRoles(app);
  secureAnswers(app, options.https ?? false);
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

const YEAR_SECONDS = 31_536_000;

/** What every answer says to browsers; a route that needs something else says so itself. */
function secureAnswers(app: FastifyInstance, https: boolean): void {
  const always = {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    ...(https && { 'strict-transport-security': `max-age=${YEAR_SECONDS}` }),
  };
  const ofApi = { ...always, 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' };
  app.addHook('onSend', async (request, reply) => {
    const wanted = request.url.startsWith('/api/v1/') || request.url.startsWith('/api/auth/') ? ofApi : always;
    for (const [name, value] of Object.entries(wanted)) if (!reply.hasHeader(name)) reply.header(name, value);
  });
}
