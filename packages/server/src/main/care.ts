import {
  DatabaseWatch,
  MaintenanceRunner,
  readPastLoads,
  readRecent,
  readRecentActivity,
  readSizes,
  recordCatalogue,
  type StoredLedger,
} from '../care/database/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { connectMonitored } from '../store/monitored/index.ts';
import { writeDatabaseReport } from './database-report.ts';
import type { LiveConfig } from './live-config.ts';
import { maintenanceLedger, maintenanceTarget } from './maintenance.ts';
import type { Observe } from './observe.ts';
import { SharedFindings } from './shared-findings.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stores } from './stores.ts';

/** What looks after the databases of the application. */
export interface DatabaseCare {
  watch: DatabaseWatch;
  /** What the instance that watches found last. */
  findings: SharedFindings;
  runner: MaintenanceRunner;
  ledger: StoredLedger;
}

/** Makes the watch over the databases of the application and their maintenance; it does not look at any yet. */
export function openDatabaseCare(context: {
  dataDir: string;
  live: LiveConfig;
  stores: Stores;
  observe: Observe;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
  /** Whether this instance is the one that watches. */
  onDuty(): boolean;
}): DatabaseCare {
  const { dataDir, live, stores, observe, clock, log, shutdown } = context;
  const ledger = maintenanceLedger(stores.db);
  const watch = new DatabaseWatch({
    service: live.current.service,
    writer: observe.ingest.writer,
    clock,
    log: log.child('databases'),
    connect: connectMonitored,
    report: (name, remarks) => writeDatabaseReport(dataDir, name, { at: clock.now(), remarks }),
    catalogue: async (name, catalogue) => void (await recordCatalogue(stores.db, name, catalogue, clock.now())),
    corrupt: (name) => ledger.corruptIndexes(name),
    sizes: (name, since) => readSizes(stores.telemetry, name, since),
    activity: (name) => readRecentActivity(stores.telemetry, name, clock.now()),
    lately: (name) => readRecent(stores.telemetry, name, clock.now()),
    past: (name, ids, window) => readPastLoads(stores.telemetry, name, ids, window),
  });
  const runner = new MaintenanceRunner({ ledger, clock, target: (name) => maintenanceTarget(live.current, name) });
  shutdown.add('maintenance', () => runner.close());
  const findings = new SharedFindings({
    ...{ db: stores.db, watch, onDuty: context.onDuty, clock, log: log.child('databases') },
    names: () => live.current.databases.map(({ name }) => name),
  });
  return { watch, findings, runner, ledger };
}
