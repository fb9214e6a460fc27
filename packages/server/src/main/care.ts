import { DatabaseWatch } from '../care/database/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { TelemetryWriter } from '../lib/telemetry.ts';
import { connectMonitored } from '../store/monitored/index.ts';
import { writeDatabaseReport } from './database-report.ts';

/** Makes the watch over the databases of the application; it does not look at any yet. */
export function makeDatabaseWatch(context: {
  service: string;
  dataDir: string;
  writer: TelemetryWriter;
  clock: Clock;
  log: Log;
}): DatabaseWatch {
  const { dataDir, clock } = context;
  return new DatabaseWatch({
    ...context,
    log: context.log.child('databases'),
    connect: connectMonitored,
    report: (name, remarks) => writeDatabaseReport(dataDir, name, { at: clock.now(), remarks }),
  });
}
