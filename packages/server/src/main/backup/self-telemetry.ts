import { join } from 'node:path';
import {
  type BackupManifest,
  backUpFiles,
  ReferencedFiles,
  type Repository,
  restoreFiles,
} from '../../care/backup/index.ts';
import type { BaseFiles } from '../../care/backup/physical/index.ts';
import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import { placedBytes } from '../../engines/index.ts';
import { codeOf, messageOf } from '../../lib/errors.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { type FrozenTelemetry, freezeTelemetry } from '../../store/telemetry/index.ts';
import type { Hooks } from './backups.ts';

/** What a backup says that was to hold the telemetry and does not. */
const LACKS = 'the telemetry is not in it';

/**
 * Backs the embedded telemetry store up. That it cannot be read keeps the state from nothing: the backup then says that the
 * telemetry is not in it.
 * @param telemetry null = it is on a server of its own
 * @param path where the list of its files is put
 */
export async function backUpTelemetry(
  repository: Repository,
  telemetry: TelemetryStore | null,
  path: string,
  { progress, signal }: Hooks,
): Promise<BaseFiles> {
  if (telemetry === null) return lacking('it is on a ClickHouse server, which has a BACKUP of its own');
  let frozen: FrozenTelemetry;
  try {
    frozen = await freezeTelemetry(telemetry);
  } catch (error) {
    if (!codeOf(error)?.startsWith('telemetry_')) throw error;
    return lacking(messageOf(error));
  }
  try {
    const referenced = new ReferencedFiles([], frozen.root);
    const options = { path, sources: [frozen], referenced, lockUntil: undefined, signal, progress };
    const { list, added, warnings } = await backUpFiles(repository, options);
    return { list: { part: 'files', ...list }, added, warnings };
  } finally {
    await frozen.thaw();
  }
}

const lacking = (why: string): BaseFiles => ({ list: null, added: 0, warnings: [`${LACKS}: ${why}`] });

/** Why a backup that was to hold the telemetry does not; null = it does, or was not to. */
export function lackOfTelemetry({ warnings }: Pick<BackupManifest, 'warnings'>): string | null {
  return warnings.find((warning) => warning.startsWith(LACKS)) ?? null;
}

/** Whether telemetry is in the backup of YumOps itself, and how much that is or would be. */
export interface TelemetryStanding {
  isIncluded: boolean;
  /** Bytes of the embedded store on disk; null = it is on a server of its own, which is never included. */
  bytes: number | null;
}

/** Looks at the embedded store's folder; no engine need run. */
export async function telemetryStanding(
  settings: Pick<Settings, 'telemetryUrl' | 'dataDir'>,
  { stores, selfBackup }: Pick<Config, 'stores' | 'selfBackup'>,
): Promise<TelemetryStanding> {
  const isElsewhere = settings.telemetryUrl !== undefined || stores.telemetry !== 'embedded';
  const bytes = isElsewhere ? null : await placedBytes(join(settings.dataDir, 'chdb'));
  return { isIncluded: selfBackup.telemetry && !isElsewhere, bytes };
}

/** Telemetry that came back. */
export interface RestoredTelemetry {
  files: number;
  bytes: number;
  /** The moment it is of, ISO: that of the base backup, whatever moment the state is of. */
  moment: string;
}

/** Puts the telemetry of a backup into an empty data folder. @returns null where it holds none */
export async function restoreTelemetry(
  repository: Repository,
  manifest: BackupManifest,
  dataDir: string,
  hooks: Hooks,
): Promise<RestoredTelemetry | null> {
  if (!manifest.objects.some(({ part }) => part === 'files')) return null;
  const folder = join(dataDir, 'chdb', 'data');
  const restored = await restoreFiles(repository, manifest, { path: undefined, folder, replace: false, ...hooks });
  return { ...restored, moment: manifest.finished };
}
