import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Finding } from '../lib/finding.ts';
import type { Guard } from './access.ts';

/** The configuration in use, as `yumops check` shows it. */
export interface ConfigurationReport {
  /** The folder that its files lie in. */
  root: string;
  /** The files in use. */
  files: readonly string[];
  /** When they were read, ISO 8601. */
  loadedAt: string;
  findings: readonly Finding[];
  /** Why the files as they are now do not run; null when they do. */
  refusal: string | null;
}

/** `GET /api/v1/configuration`: the files in use and what is to be said about them. */
export function configurationRoutes(
  app: FastifyInstance,
  deps: { guard: Guard; report: () => ConfigurationReport },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/configuration',
    {
      onRequest: deps.guard('viewer'),
      schema: { summary: 'The configuration in use and its findings', tags: ['configuration'] },
    },
    async () => deps.report(),
  );
}
