import { statfs } from 'node:fs/promises';
import { readLevels } from '../care/database/index.ts';
import { Scaling } from '../care/scaling/index.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import { YumOpsError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { connectMonitored } from '../store/monitored/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import type { Stores } from './stores.ts';
import { checkVercelFile, configuredJobs } from './vercel-file.ts';

const DAY = 86_400_000;

/** Room on the disk that a folder is on, bytes; what only root may take counts as used by nobody. */
async function roomOf(folder: string): Promise<{ used: number; free: number }> {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  return { used: (blocks - bfree) * bsize, free: bavail * bsize };
}

async function readDatabaseOf(live: LiveConfig, name: string) {
  const database = live.current.databases.find((one) => one.name === name);
  if (!database || database.broken !== null) {
    const why = database?.broken ?? 'it is no longer configured';
    throw new YumOpsError('database_unavailable', `The database "${name}" cannot be asked: ${why}.`);
  }
  const connection = await connectMonitored(name, database.url.reveal());
  try {
    return await readLevels(connection);
  } finally {
    await connection.close();
  }
}

/** Makes what measures capacity and foretells its limits; it measures nothing yet. */
export function makeScaling(context: {
  settings: Settings;
  live: LiveConfig;
  stores: Stores;
  observe: Observe;
  instance: string;
  clock: Clock;
  log: Log;
}): Scaling {
  const { settings, live, stores, observe, instance, clock, log } = context;
  const external = settings.telemetryUrl ?? live.current.stores.telemetry;
  return new Scaling({
    ...{ instance, clock, log: log.child('scaling') },
    ...{ telemetry: stores.telemetry, db: stores.db, writer: observe.ingest.writer },
    telemetryApart: external !== 'embedded',
    service: live.current.service,
    disk: () => roomOf(settings.dataDir),
    databases: () => live.current.databases.map(({ name }) => name),
    readDatabase: (name) => readDatabaseOf(live, name),
    config: () => live.current.scaling,
    retentionDays: () =>
      Object.fromEntries(Object.entries(live.current.retention).map(([name, ms]) => [name, Math.round(ms / DAY)])),
    checkVercel: (file, measured) => {
      const { root, scaling } = live.current;
      const now = clock.now();
      return checkVercelFile(file, { plan: scaling.plan, jobs: configuredJobs(live.current), measured, now }, root);
    },
  });
}
