import { type BackupConfig, SELF } from '../../care/backup/index.ts';
import { YumOpsError } from '../../lib/errors.ts';

/** When YumOps makes a base backup of itself; before the backups of others begin. */
const SCHEDULE = '30 2 * * *';
/** How many are kept. */
const KEPT = { daily: 7, weekly: 4, monthly: 3 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * The backup of YumOps itself, as if it were one of the configuration: sealed with the key of the first backup that has
 * one, and copied to its second destination. Null without a key: there is nothing to seal with.
 */
export function selfConfig(configs: readonly BackupConfig[]): BackupConfig | null {
  const sealing = configs.find(({ key }) => key.broken === null);
  if (!sealing) return null;
  const { key, pruneUrl } = sealing;
  const copyTo = sealing.copyTo && { ...sealing.copyTo, lockMs: null, retention: KEPT };
  return {
    name: SELF,
    ...{ key, copyTo, pruneUrl, schedule: SCHEDULE, retention: KEPT },
    database: null,
    schemas: null,
    url: null,
    files: [],
    fileColumns: [],
    tiers: ['physical'],
    timeZone: 'UTC',
    targets: { recoveryTimeMs: 15 * MINUTE_MS, recoveryPointMs: 5 * MINUTE_MS },
    lockMs: null,
    pitrWindowMs: 7 * DAY_MS,
    fullEveryMs: 7 * DAY_MS,
    syntheticFullAfter: 0,
    rowHash: 'off',
    jobs: null,
    scratchUrl: null,
    smokeQueries: [],
  };
}

/** The backup of YumOps itself is made by the running platform alone. */
export function onlyRunning(): YumOpsError {
  return new YumOpsError(
    'self_backup_running',
    'YumOps backs itself up while it runs; nothing else reaches its state.',
    {
      hint: `Run its job: yumops job run backup-${SELF}.`,
      status: 409,
    },
  );
}
