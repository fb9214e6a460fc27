import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EvidenceFiles } from '../observe/uptime/index.ts';
import type { Guard } from './access.ts';

const TYPES = { screenshot: 'image/png', trace: 'application/zip' };

/** Pictures and recordings of failed browser journeys. */
export function checkFileRoutes(app: FastifyInstance, { files, guard }: { files: EvidenceFiles; guard: Guard }): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/check-files/:name',
    {
      onRequest: guard('viewer'),
      schema: {
        summary: 'What a failed browser journey recorded: a picture (PNG) or a trace (ZIP)',
        params: z.object({ name: z.string().max(100) }),
      },
    },
    async ({ params }, reply) => {
      const { kind, bytes } = await files.read(params.name);
      const disposition = kind === 'trace' ? `attachment; filename="${params.name}"` : 'inline';
      return reply
        .type(TYPES[kind])
        .header('content-disposition', disposition)
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'private, max-age=86400, immutable')
        .send(bytes);
    },
  );
}
