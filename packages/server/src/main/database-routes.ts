import type { FastifyInstance } from 'fastify';
import { audit } from '../access/audit.ts';
import { databaseRoutes } from '../http/databases.ts';
import { maintenanceRoutes } from '../http/maintenance.ts';
import { YumOpsError } from '../lib/errors.ts';
import { connectMonitored } from '../store/monitored/index.ts';
import { isMaintained, maintenanceTarget } from './maintenance.ts';
import type { RouteParts } from './routes.ts';

/** Registers the resources about the databases of the application. */
export function registerDatabases(app: FastifyInstance, parts: RouteParts): void {
  const { live, stores, identity, databases, clock } = parts;
  const { guard } = identity;
  const { watch, findings, runner, ledger } = databases;
  databaseRoutes(app, {
    ...{ guard, clock, watch, audit },
    latest: (name) => findings.latest(name),
    db: stores.db,
    telemetry: stores.telemetry,
    databases: () => live.current.databases,
    async withDatabase({ name, url, broken }, role, work) {
      const { maintenance } = live.current;
      const own = role === 'maintenance' && maintenance.url !== null && isMaintained(live.current, name);
      const why = own ? maintenance.broken : broken;
      if (why !== null) {
        throw new YumOpsError('database_unavailable', `The address of the database "${name}" cannot be used: ${why}.`, {
          hint: `Give the url of "${name}".`,
          status: 503,
        });
      }
      const connection = await connectMonitored(name, (own && maintenance.url ? maintenance.url : url).reveal());
      try {
        return await work(connection);
      } finally {
        await connection.close();
      }
    },
    async maintenanceStatus(name) {
      const { scheduled, schedule: pattern, timeZone } = live.current.maintenance;
      const schedule = scheduled && isMaintained(live.current, name) ? { pattern, timeZone } : null;
      return { schedule, pause: await ledger.pauseOf(name), progress: await ledger.progressOf(name) };
    },
  });
  maintenanceRoutes(app, {
    ...{ guard, clock, runner, ledger },
    requireDatabase: (name) => void maintenanceTarget(live.current, name),
  });
}
