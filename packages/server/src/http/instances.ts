import type { InstanceItem, Page } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { InstanceView } from '../observe/instances/index.ts';
import type { Guard } from './access.ts';

const item = z.object({
  name: z.string(),
  roles: z.array(z.string()),
  version: z.string(),
  url: z.string(),
  startedAt: z.string(),
  seenAt: z.string(),
  state: z.enum(['live', 'away']),
  self: z.boolean(),
  caretaker: z.boolean(),
  problems: z.array(z.string()),
});

const iso = (at: number) => new Date(at).toISOString();

/** `GET /api/v1/instances`: who shares the state store. */
export function instanceRoutes(
  app: FastifyInstance,
  deps: { guard: Guard; instances: () => Promise<readonly InstanceView[]> },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/instances',
    {
      onRequest: deps.guard('viewer'),
      schema: {
        summary: 'The instances of the platform',
        tags: ['configuration'],
        response: { 200: z.object({ items: z.array(item), nextCursor: z.null() }) },
      },
    },
    async (): Promise<Page<InstanceItem> & { nextCursor: null }> => ({
      items: (await deps.instances()).map(({ instance, roles, version, url, problems, ...view }) => ({
        ...{ name: instance, roles: [...roles], version, url, problems: [...problems] },
        ...{ startedAt: iso(view.startedAt), seenAt: iso(view.seenAt) },
        ...{ state: view.state, self: view.self, caretaker: view.caretaker },
      })),
      nextCursor: null,
    }),
  );
}
