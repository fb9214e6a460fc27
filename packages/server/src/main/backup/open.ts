import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { TelemetryWriter } from '../../lib/telemetry.ts';
import type { LiveConfig } from '../live-config.ts';
import type { Shutdown } from '../shutdown.ts';
import { Backups } from './backups.ts';
import { removeLeft } from './left-behind.ts';
import { BackupWatch, type WatchContext } from './watch.ts';

/** The backups of the platform while it runs. */
export interface LiveBackups {
  /** Those of the configuration as it is now. */
  open(): Backups;
  watch: BackupWatch;
}

/** Makes the backups of the configuration, which follow it; nothing is read yet. What killed trials left here is removed. */
export function makeBackups(context: {
  settings: Settings;
  live: LiveConfig;
  writer: TelemetryWriter;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
  failedDrill: WatchContext['failedDrill'];
}): LiveBackups {
  const { settings, live, writer, clock, log, shutdown, failedDrill } = context;
  let made: { config: Config; backups: Backups } | undefined;
  const open = () => {
    if (made?.config !== live.current) {
      made = { config: live.current, backups: new Backups({ settings, config: live.current, clock, log }) };
    }
    return made.backups;
  };
  const sweeping = removeLeft({ clock, log });
  shutdown.add('blob store', async () => {
    await sweeping;
    await made?.backups.close();
  });
  return { open, watch: new BackupWatch({ open, writer, service: live.current.service, clock, log, failedDrill }) };
}
