import type { FastifyInstance } from 'fastify';
import { accessAdminRoutes } from '../http/access-admin.ts';
import { authRoutes } from '../http/auth.ts';
import { checkRoutes } from '../http/checks.ts';
import { healthRoutes } from '../http/health.ts';
import { ingestRoutes } from '../http/ingest.ts';
import { monitorRoutes } from '../http/monitors.ts';
import type { Clock } from '../lib/clock.ts';
import { createAvailability } from '../observe/uptime/index.ts';
import type { Identity } from './identity.ts';
import type { Observe } from './observe.ts';
import type { Stores } from './stores.ts';

export interface RouteParts {
  stores: Stores;
  identity: Identity;
  observe: Observe;
  clock: Clock;
  publicUrl: string;
}

/** Registers every resource of the API. */
export function registerRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { clock, publicUrl } = parts;
  const { db, telemetry } = parts.stores;
  const { accounts, guard, findIngestKey } = parts.identity;
  const { health, ingest } = parts.observe;
  authRoutes(app, { accounts, publicUrl });
  accessAdminRoutes(app, { db, accounts, guard, clock, publicUrl });
  ingestRoutes(app, { ingest, findIngestKey });
  healthRoutes(app, { health, guard });
  monitorRoutes(app, { guard, clock, db, telemetry, availability: createAvailability(telemetry, clock) });
  checkRoutes(app, { guard, clock, db, telemetry });
}
