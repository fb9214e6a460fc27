import type { BackupCopies, BackupItem, BackupPlan } from '@yumops/protocol';
import type { StateProps } from '../../components/state.tsx';
import { formatBytes, formatSpan, plural } from '../../format/number.ts';

type Look = Pick<StateProps, 'tone' | 'word'>;

/** How a backup stands: made, and whether that was proven. */
export function backupLook({ status, verified }: Pick<BackupItem, 'status' | 'verified'>): Look {
  if (status === 'failed') return { tone: 'bad', word: 'failed' };
  if (status === 'damaged') return { tone: 'bad', word: 'damaged' };
  if (status === 'locked') return { tone: 'unknown', word: 'other key' };
  if (status === 'running') return { tone: 'info', word: 'running' };
  if (verified === null) return { tone: 'unknown', word: 'not verified' };
  if (!verified.ok) return { tone: 'bad', word: 'not good' };
  return { tone: 'ok', word: verified.level >= 2 ? 'restored on trial' : 'readable' };
}

/** What each level of a verification proves. */
export const LEVELS = [
  'every object is there, as it was stored',
  'every object opens',
  'it restores into an empty server',
  'every table has its rows',
  'the queries of the configuration give rows',
] as const;

/** What is wrong with the backups themselves; that nobody keeps the kit yet is told apart. */
export function faultsOf({ problems }: Pick<BackupPlan, 'problems'>): BackupPlan['problems'] {
  return problems.filter(({ code }) => code !== 'kit_unconfirmed');
}

/** How the second destination is. */
export function copyLook({ unreadable, missing, lagSeconds, backups }: BackupCopies): Look {
  if (unreadable !== null) return { tone: 'unknown', word: 'cannot be read' };
  if (missing.length > 0) {
    const behind = formatSpan((lagSeconds ?? 0) * 1_000);
    return { tone: 'warn', word: `${plural(missing.length, 'backup')} missing, for ${behind}` };
  }
  return { tone: 'ok', word: `${plural(backups, 'backup')}, nothing missing` };
}

/** Whether telemetry is in the backup of YumOps itself. */
export function telemetryText({ isIncluded, bytes }: NonNullable<BackupPlan['telemetry']>): string {
  if (bytes === null) return 'on a ClickHouse server: back it up there';
  return isIncluded
    ? `in each new backup, ${formatBytes(bytes)} on disk`
    : `not in it; it would add ${formatBytes(bytes)}`;
}

/** Where a backup is: `first and offsite`. */
export function placesText({ places }: Pick<BackupItem, 'places'>): string {
  const [only, ...others] = places.map(({ name }) => name);
  if (only === undefined) return 'nowhere';
  return others.length === 0 ? `${only} only` : [only, ...others].join(' and ');
}

/** One sentence on how a plan is doing. */
export function planLook(plan: BackupPlan, items: readonly BackupItem[]): Look {
  const [worst] = faultsOf(plan);
  if (worst) return { tone: 'bad', word: worst.message };
  if (plan.recoverable.latest === null) return { tone: 'unknown', word: 'There is no backup yet.' };
  const proven = items.find(
    ({ name, verified, oneOff }) => name === plan.name && !oneOff && verified?.ok && verified.level >= 2,
  );
  if (!proven) return { tone: 'warn', word: 'Backups are made; none was restored on trial yet.' };
  if (plan.kit === null)
    return { tone: 'warn', word: 'Backups are made and proven; the recovery kit is not confirmed.' };
  return { tone: 'ok', word: 'Backups are made, and were proven by restoring one.' };
}
