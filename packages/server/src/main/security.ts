import { resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { audit } from '../access/audit.ts';
import { SecurityWatch } from '../care/security/index.ts';
import { securityRoutes } from '../http/security.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { GeoIp } from './geoip.ts';
import type { Identity } from './identity.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import type { Stores } from './stores.ts';

/** Makes what watches for attacks on the application; it looks at nothing yet. */
export function makeSecurity(context: {
  live: LiveConfig;
  stores: Stores;
  observe: Observe;
  instance: string;
  /** The other instances that take events, as they are on record now. */
  others(): Promise<readonly string[]>;
  clock: Clock;
  log: Log;
}): SecurityWatch {
  const { live, stores, observe, instance, others, clock, log } = context;
  const location = new GeoIp({
    path: () => live.current.geoip && resolve(live.current.root, live.current.geoip),
    clock,
    log: log.child('geoip'),
  });
  const watch = new SecurityWatch({
    db: stores.db,
    telemetry: stores.telemetry,
    signals: stores.signals,
    writer: observe.ingest.writer,
    showWaitingRows: (show) => observe.ingest.showWaitingLogRows(show),
    ...{ clock, instance, others, audit },
    log: log.child('security'),
    service: live.current.service,
    config: () => live.current.security,
    location,
  });
  observe.followLogRows((rows, security) => watch.feed.offer(rows, security));
  return watch;
}

/** Registers the pages about attacks. */
export function registerSecurity(
  app: FastifyInstance,
  parts: { security: SecurityWatch; stores: Stores; identity: Identity; live: LiveConfig; clock: Clock },
): void {
  const { security: watch, stores, identity, live, clock } = parts;
  const { guard } = identity;
  const config = () => live.current.security;
  securityRoutes(app, { watch, db: stores.db, telemetry: stores.telemetry, audit, config, guard, clock });
}
