import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { SealedPart } from '../access/sealed/parts.ts';
import { reportSecrets, rotateSecrets } from '../access/sealed/rotate.ts';
import type { Clock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import type { Keyring } from '../lib/keyring.ts';
import type { Guard } from './access.ts';

const report = z.object({
  key: z.string(),
  previousKeys: z.number(),
  parts: z.array(z.object({ name: z.string(), current: z.number(), previous: z.number(), unreadable: z.number() })),
});
const rotation = z.object({
  parts: z.array(z.object({ name: z.string(), rotated: z.number(), unreadable: z.number() })),
});

/** Under which secret key stored secrets stand, and bringing them under the current one; for administrators. */
export function secretRoutes(
  app: FastifyInstance,
  deps: { db: Db; guard: Guard; clock: Clock; ring: Keyring; parts: readonly SealedPart[] },
): void {
  const { db, clock, ring, parts } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = deps.guard('admin');
  const tags = ['access'];
  routes.get(
    '/api/v1/secrets',
    {
      onRequest,
      schema: { summary: 'Count stored secrets by the key that they stand under', tags, response: { 200: report } },
    },
    () => reportSecrets(ring, parts),
  );
  routes.post(
    '/api/v1/secrets/rotate',
    {
      onRequest,
      schema: { summary: 'Bring stored secrets under the current key', tags, response: { 200: rotation } },
    },
    ({ principal }) => rotateSecrets({ db, ring, parts }, { actor: principal?.name ?? 'unknown', now: clock.now() }),
  );
}
