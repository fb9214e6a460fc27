import { type BackupConfig, type BackupManifest, type CatalogueEntry, SELF } from '../../care/backup/index.ts';
import { incrementsOf, synthesizeFull } from '../../care/backup/physical/index.ts';
import { makeScratch } from '../../engines/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf, YumOpsError } from '../../lib/errors.ts';
import { VERSION } from '../../version.ts';
import type { Backups, Hooks } from './backups.ts';

/** A full base backup that was put together. */
export interface Synthesized {
  manifest: BackupManifest;
  /** Why the copy at the second destination was not made. */
  copyError: unknown;
}

/**
 * Puts the newest base backup of a name and what it builds on together into a full one, and copies it to the second destination.
 * @throws YumOpsError `wrong_use` where the backup has no physical tier, and those of `synthesizeFull`
 */
export async function synthesize(
  backups: Backups,
  config: BackupConfig,
  clock: Clock,
  hooks: Hooks,
): Promise<Synthesized> {
  if (!config.tiers.includes('physical')) {
    throw new YumOpsError('wrong_use', `"${config.name}" has no base backups: its tiers are ${config.tiers.join()}.`, {
      hint: 'Only the physical tier has increments.',
      status: 400,
    });
  }
  const repository = await backups.repository(config);
  const { lockMs } = config;
  const manifest = await synthesizeFull({
    ...{ repository, clock, madeBy: VERSION, ...hooks },
    makeFolder: () => makeScratch('yumops-synthesis-'),
    ...(repository.store.locks && lockMs !== null && { lockUntil: (now: number) => now + lockMs }),
  });
  return { manifest, copyError: await backups.copies.copy(config, manifest, hooks) };
}

/** Whether the newest base backup builds on so many increments that a full one is due. */
export function isDue(
  { name, tiers, syntheticFullAfter }: Pick<BackupConfig, 'name' | 'tiers' | 'syntheticFullAfter'>,
  entries: readonly CatalogueEntry[],
): boolean {
  if (name === SELF || !tiers.includes('physical') || syntheticFullAfter === 0) return false;
  return incrementsOf(entries) >= syntheticFullAfter;
}

/** Puts a full one together where it is due. @returns null = it is not, or another process has just made it */
export async function synthesizeWhenDue(
  backups: Backups,
  config: BackupConfig,
  hooks: Hooks,
): Promise<Synthesized | null> {
  if (!isDue(config, await backups.list(config))) return null;
  try {
    return await backups.synthesize(config, hooks);
  } catch (error) {
    if (codeOf(error) === 'synthesis_needless') return null;
    throw error;
  }
}
