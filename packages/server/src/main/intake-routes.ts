import type { FastifyInstance } from 'fastify';
import { foreignLogRoutes } from '../http/foreign-logs.ts';
import { ingestRoutes } from '../http/ingest.ts';
import { otlpRoutes } from '../http/otlp.ts';
import { pingRoutes } from '../http/ping.ts';
import { rumRoutes } from '../http/rum.ts';
import { restrictionRoutes } from '../http/security-restrictions.ts';
import { sentryRoutes } from '../http/sentry.ts';
import type { RouteParts } from './routes.ts';

/** Registers what applications and jobs send to, and the list of who is shut out, which applications read. */
export function registerIntake(app: FastifyInstance, parts: RouteParts): void {
  const { findIngestKey } = parts.identity;
  const { ingest, uptime } = parts.observe;
  const groupingRules = () => parts.live.current.errors.grouping;
  ingestRoutes(app, { ingest, findIngestKey });
  otlpRoutes(app, { ingest, findIngestKey });
  foreignLogRoutes(app, {
    ingest,
    findIngestKey,
    presetKey: parts.settings.ingestKey,
    vercel: () => parts.live.current.ingest.vercel,
  });
  const countryOf = (ip: string) => parts.security.countryOf(ip);
  rumRoutes(app, { ingest, findIngestKey, groupingRules, countryOf });
  sentryRoutes(app, { ingest, findIngestKey, groupingRules });
  pingRoutes(app, uptime);
  const allow = () => parts.live.current.security.allow;
  restrictionRoutes(app, { watch: parts.security, allow, findIngestKey, clock: parts.clock });
}
