import type { KeeperStatus } from '../../care/backup/physical/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Identity } from '../identity.ts';
import type { Stores } from '../stores.ts';
import { LogArchives } from './log-archive.ts';
import { SelfBackup } from './self.ts';

/** What is archived without a pause: the logs of physical backups, and the state of YumOps itself. */
export interface Archives {
  follow(config: Config): void;
  stop(): Promise<void>;
  /** How each is doing, by the name of its backup. */
  statuses(): Record<string, KeeperStatus>;
}

/** Makes the archives; nothing comes in yet. */
export function makeArchives(context: {
  settings: Settings;
  stores: Stores;
  identity: Identity;
  clock: Clock;
  log: Log;
}): Archives {
  const { settings, clock, stores, identity } = context;
  const log = context.log.child('backup');
  const logs = new LogArchives({ settings, clock, log });
  const { secretKey } = identity;
  const self = new SelfBackup({ settings, clock, log, stateUrl: stores.stateUrl, secretKey });
  return {
    follow(config) {
      void logs.follow(config);
      void self.follow(config);
    },
    async stop() {
      await Promise.all([logs.stop(), self.stop()]);
    },
    statuses: () => ({ ...logs.statuses(), ...(self.status ? { [self.name]: self.status } : {}) }),
  };
}
