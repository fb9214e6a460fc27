import { join } from 'node:path';
import { audit } from '../access/audit.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { SharedFiles } from '../lib/shared-files.ts';
import { createErrors, type Errors } from '../observe/errors/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import type { Stores } from './stores.ts';

/** Where attachments and source maps lie. */
export function filesFolder({ dataDir }: Pick<Settings, 'dataDir'>): string {
  return join(dataDir, 'files');
}

/** Makes the part that knows errors; it does not follow the stored events yet. */
export function makeErrors(context: {
  settings: Settings;
  stores: Stores;
  observe: Observe;
  live: LiveConfig;
  shared: SharedFiles;
  clock: Clock;
  log: Log;
}): Errors {
  const { settings, stores, observe, live, clock, log } = context;
  return createErrors({
    db: stores.db,
    telemetry: stores.telemetry,
    clock,
    log,
    audit,
    config: () => live.current.errors,
    files: filesFolder(settings),
    shared: context.shared,
    stored: () => observe.ingest.stats().stored['error_event_rows'] ?? 0,
  });
}
