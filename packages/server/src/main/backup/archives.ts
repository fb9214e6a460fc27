import type { BackupManifest } from '../../care/backup/index.ts';
import type { KeeperStatus } from '../../care/backup/physical/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { WatchedCondition } from '../../respond/alerting/index.ts';
import type { Identity } from '../identity.ts';
import type { Stores } from '../stores.ts';
import type { Hooks } from './backups.ts';
import { LogArchives } from './log-archive.ts';
import { SelfBackup } from './self.ts';

/** What is archived without a pause: the logs of physical backups, and the state of YumOps itself. */
export interface Archives {
  /**
   * Follows a configuration.
   * @param receives whether log is received here; elsewhere another instance does
   */
  follow(config: Config, receives: boolean): Promise<void>;
  stop(): Promise<void>;
  /** Makes a base backup of YumOps itself. */
  backUpSelf(hooks: Hooks): Promise<BackupManifest>;
  /** How each is doing, by the name of its backup. */
  statuses(): Record<string, KeeperStatus>;
  /** For the alert path: log that does not come in, and log that a server keeps for us. */
  conditions(): WatchedCondition[];
}

/** Milliseconds without log until somebody is told. */
const SILENT_MS = 60_000;
const COPY_SILENT_MS = 10 * 60_000;
/** Bytes that a server keeps for us from which somebody is told; its slot is dropped at 10 GB. */
const RETAINED = 5e9;

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
  const { keyring } = identity;
  const self = new SelfBackup({
    settings,
    clock,
    log,
    stateUrl: stores.stateUrl,
    keyring,
    telemetry: stores.telemetryIsEmbedded ? stores.telemetry : null,
  });
  const statuses = () => ({ ...logs.statuses(), ...(self.status ? { [self.name]: self.status } : {}) });
  return {
    async follow(config, receives) {
      await Promise.all([receives ? logs.follow(config) : logs.stop(), self.follow(config, receives)]);
    },
    async stop() {
      await Promise.all([logs.stop(), self.stop()]);
    },
    backUpSelf: (hooks) => self.makeBase(hooks),
    statuses,
    conditions() {
      const now = clock.now();
      const copies = { ...logs.copyProblems(), [self.name]: self.copyProblem };
      return [
        ...Object.entries(statuses()).flatMap(([name, status]) => logConditions(name, status, now)),
        ...(self.telemetryProblem === null
          ? []
          : [
              conditionOf(
                self.name,
                'telemetry_not_stored',
                `Of the last backup of YumOps itself ${self.telemetryProblem}`,
              ),
            ]),
        ...Object.entries(copies).flatMap(([name, problem]) => copyConditions(name, problem, now)),
      ];
    },
  };
}

function conditionOf(name: string, code: string, reason: string): WatchedCondition {
  return {
    id: `backup:${name}:${code}`,
    name: `Backup ${name}: ${code.replaceAll('_', ' ')}`,
    labels: { backup: name, problem: code },
    holds: true,
    forMs: 0,
    reason,
  };
}

/** Log that has not reached the second destination for longer than its rounds explain. */
export function copyConditions(name: string, problem: { since: number; message: string } | null, now: number) {
  if (problem === null || now - problem.since <= COPY_SILENT_MS) return [];
  const at = new Date(problem.since).toISOString();
  return [conditionOf(name, 'log_not_copied', `No log reached the second destination since ${at}: ${problem.message}`)];
}

/** Log that does not come in for a minute, and log that a server keeps for us in its place. */
export function logConditions(
  name: string,
  { state, problem, since, receiver }: KeeperStatus,
  now: number,
): WatchedCondition[] {
  const condition = (code: string, reason: string) => conditionOf(name, code, reason);
  const found: WatchedCondition[] = [];
  if (state === 'failing' && since !== null && now - since > SILENT_MS) {
    const at = new Date(since).toISOString();
    found.push(condition('log_not_stored', `No write-ahead log has been stored since ${at}: ${problem}`));
  }
  const retained = receiver?.retained ?? 0;
  if (retained > RETAINED) {
    found.push(condition('log_retained', `The server keeps ${Math.round(retained / 1e6)} MB of log for the backup.`));
  }
  return found;
}
