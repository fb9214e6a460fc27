import type { SecurityRestrictions } from '@yumops/protocol';
import type { FastifyInstance } from 'fastify';
import type { SecurityWatch } from '../care/security/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { FindIngestKey } from './access.ts';
import { EventStream, endWithServer } from './event-stream.ts';
import { authorizeServer } from './ingest-key.ts';

export interface RestrictionRouteDeps {
  watch: SecurityWatch;
  allow(): readonly string[];
  findIngestKey: FindIngestKey;
  clock: Clock;
}

const PATH = '/ingest/security/restrictions';
const tags = ['security'];

/** Who is shut out, for applications: they read the list with the key by which they send, or follow it. */
export function restrictionRoutes(app: FastifyInstance, deps: RestrictionRouteDeps): void {
  const { watch, clock, findIngestKey } = deps;
  const opened = endWithServer(app);
  const listOf = (project: string | null): SecurityRestrictions => {
    const { version, items } = watch.inForce.list(project === null ? null : [project]);
    return {
      version,
      items: items.map(({ action, kind, value, until, why }) => ({
        ...{ action, kind, value, why },
        until: new Date(until).toISOString(),
      })),
      allow: [...deps.allow()],
    };
  };

  app.get(PATH, { schema: { summary: 'Restrictions in force, for an application', tags } }, async (request, reply) => {
    const { project } = await authorizeServer(request, findIngestKey);
    const list = listOf(project);
    const etag = `"${list.version}"`;
    reply.header('etag', etag).header('cache-control', 'no-store');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return list;
  });
  app.get(
    `${PATH}/stream`,
    { schema: { summary: 'The same list at once and after every change, as server-sent events', tags } },
    async (request, reply) => {
      const { project } = await authorizeServer(request, findIngestKey);
      const stream = new EventStream(reply, clock);
      opened(stream);
      const send = () => stream.send('restrictions', listOf(project));
      stream.onClose(watch.inForce.onChange(send));
      send();
    },
  );
}
