import { createMcpHandler } from '@modelcontextprotocol/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import { withQuery } from '../lib/query-string.ts';
import { callTool, createToolServer, TOOLS, type ToolApi, type ToolCaller } from '../mcp/index.ts';
import type { Guard, Principal } from './access.ts';
import { webHeaders } from './guard.ts';

interface ToolRouteDeps {
  db: Db;
  clock: Clock;
  guard: Guard;
  publicUrl: string;
}

const item = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  role: z.enum(['viewer', 'responder', 'admin']),
  writes: z.boolean(),
  input: z.record(z.string(), z.unknown()).describe('JSON Schema of the arguments'),
});
const answer = z.looseObject({ link: z.string().describe('The page of the console that shows the same') });

/**
 * What agents may look at and do: `/mcp` for clients of the Model Context Protocol (streamable HTTP, without
 * sessions), `/api/v1/tools` for everybody else. A tool reaches the platform by its REST API in the caller's name.
 */
export function toolRoutes(app: FastifyInstance, deps: ToolRouteDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('viewer', 'project');
  const tags = ['tools'];
  routes.get(
    '/api/v1/tools',
    {
      onRequest,
      schema: {
        summary: 'List the tools of agents',
        tags,
        response: { 200: z.object({ items: z.array(item), nextCursor: z.null() }) },
      },
    },
    async () => ({
      items: TOOLS.map(({ input, run: _, ...tool }) => ({
        ...tool,
        input: { ...z.toJSONSchema(input, { io: 'input' }) },
      })),
      nextCursor: null,
    }),
  );
  routes.post(
    '/api/v1/tools/:name',
    {
      onRequest,
      schema: {
        summary: 'Call a tool of agents; every call is in the audit log',
        tags,
        params: z.object({ name: z.string().min(1).max(100) }),
        body: z.record(z.string(), z.unknown()).nullish(),
        response: { 200: answer },
      },
    },
    async (request) => callTool(deps, callerOf(app, request, deps.clock), request.params.name, request.body ?? {}),
  );
  mcpRoute(app, deps);
}

function mcpRoute(app: FastifyInstance, deps: ToolRouteDeps): void {
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mcp',
    onRequest: deps.guard('viewer', 'project'),
    schema: { hide: true },
    async handler(request, reply) {
      const caller = callerOf(app, request, deps.clock);
      const server = createMcpHandler(() => createToolServer((name, input) => callTool(deps, caller, name, input)));
      const asked = new Request(new URL(request.url, deps.publicUrl), {
        method: request.method,
        headers: webHeaders(request),
      });
      const answered = await server.fetch(asked, request.body === undefined ? {} : { parsedBody: request.body });
      const body = Buffer.from(await answered.arrayBuffer());
      await server.close();
      return reply.code(answered.status).headers(Object.fromEntries(answered.headers)).send(body);
    },
  });
}

/** The REST API as the one who asks may use it: with the same credentials, without the network. */
function callerOf(app: FastifyInstance, request: FastifyRequest, clock: Clock): ToolCaller {
  const { authorization, cookie, host } = request.headers;
  const headers = {
    ...(host === undefined ? {} : { host }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(cookie === undefined ? {} : { cookie }),
  };
  const ask = async <Answer>(method: 'GET' | 'POST', url: string, payload?: unknown): Promise<Answer> => {
    const response = await app.inject({
      method,
      url,
      headers,
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    if (response.statusCode < 300) return response.json<Answer>();
    throw refusal(response.statusCode, response.body, url);
  };
  const api: ToolApi = {
    now: clock.now(),
    get: (path, query) => ask('GET', withQuery(path, query)),
    post: (path, body) => ask('POST', path, body ?? {}),
  };
  return { principal: request.principal as Principal, api };
}

function refusal(status: number, body: string, url: string): YumOpsError {
  const { error } = JSON.parse(body) as { error: { code: string; message: string; hint?: string } };
  if (status >= 500 && status !== 503) {
    return new YumOpsError('internal_error', `The platform failed to answer ${url.split('?')[0]}.`, {
      hint: 'Its log has the details.',
    });
  }
  return new YumOpsError(error.code, error.message, {
    status,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
