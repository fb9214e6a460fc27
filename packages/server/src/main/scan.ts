import type { FastifyInstance } from 'fastify';
import { reviewAccounts, reviewTokens } from '../access/access-review.ts';
import { audit } from '../access/audit.ts';
import { verifyAuditLog } from '../access/audit-chain.ts';
import { checkDatabase, PRIVILEGE_PROBES, readAccess } from '../care/database/index.ts';
import {
  databasesCheck,
  dependenciesCheck,
  type LookedDatabase,
  loggingCheck,
  peopleCheck,
  postureCheck,
  Scanner,
  secretsCheck,
  sitesCheck,
} from '../care/scan/index.ts';
import type { Scheduler } from '../care/scheduler/index.ts';
import { findingRoutes } from '../http/security-findings.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { StoredMonitors } from '../observe/uptime/index.ts';
import { connectMonitored } from '../store/monitored/index.ts';
import type { Identity } from './identity.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import { type PostureParts, postureFacts } from './posture.ts';
import { SCAN_JOBS } from './scan-jobs.ts';
import { withStored } from './stored-monitors.ts';
import type { Stores } from './stores.ts';

export interface ScanParts extends PostureParts {
  stores: Stores;
  observe: Observe;
  identity: Identity;
  storedMonitors: StoredMonitors;
  clock: Clock;
  log: Log;
}

/** Makes the scanner with every check there is; it looks at nothing yet. */
export function makeScanner(parts: ScanParts): Scanner {
  const { live, stores, observe, identity, clock, log } = parts;
  const { db, telemetry } = stores;
  const config = () => live.current.scan;
  return new Scanner({
    ...{ db, audit, clock, config },
    writer: observe.ingest.writer,
    log: log.child('scan'),
    service: live.current.service,
    checks: [
      dependenciesCheck(() => ({ root: live.current.root, ...config() })),
      sitesCheck(async (signal) => {
        const { monitors } = await withStored(live.current, parts.storedMonitors);
        return observe.uptime.survey(monitors, signal);
      }),
      databasesCheck(() => lookedDatabases(live)),
      secretsCheck(() => {
        const { root, files, scan } = live.current;
        return { root, files, more: scan.secretFiles, logSample: scan.logSample };
      }, telemetry),
      peopleCheck({
        accounts: () => reviewAccounts(db),
        tokens: () => reviewTokens(db),
        staleAfterMs: () => config().staleAfterMs,
      }),
      loggingCheck({
        telemetry,
        verifyAudit: async () => verifyAuditLog(db, await identity.auditWitness.read()),
        config: () => ({
          seenWithinMs: config().seenWithinMs,
          keptSecurityMs: live.current.retention.security,
          keptLogsMs: live.current.retention.logs,
        }),
      }),
      postureCheck(() => postureFacts(parts)),
    ],
  });
}

function lookedDatabases(live: LiveConfig): LookedDatabase[] {
  return live.current.databases.map((database) => ({
    name: database.name,
    async look(signal) {
      if (database.broken !== null) throw new Error(`its address cannot be used: ${database.broken}`);
      const connection = await connectMonitored(database.name, database.url.reveal());
      try {
        const access = await readAccess(connection);
        signal.throwIfAborted();
        return { access, findings: await checkDatabase(database, connection, { probes: PRIVILEGE_PROBES }) };
      } finally {
        await connection.close();
      }
    },
  }));
}

/** Registers the findings and the scans. */
export function registerScan(
  app: FastifyInstance,
  parts: { scanner: Scanner; scheduler: Scheduler; stores: Stores; identity: Identity; clock: Clock },
): void {
  const { scanner, scheduler, stores, identity, clock } = parts;
  findingRoutes(app, {
    ...{ scanner, audit, clock, db: stores.db, guard: identity.guard },
    runNow: (kind, actor) => scheduler.runNow(SCAN_JOBS[kind], actor, {}),
  });
}
