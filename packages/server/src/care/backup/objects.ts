import { YumOpsError } from '../../lib/errors.ts';
import { lend } from '../../lib/stream-memory.ts';
import type { ProgressReport } from './database.ts';
import { mergeArchives } from './logical/archive.ts';
import type { ClusterRecord } from './logical/roles.ts';
import type { TableRecord } from './logical/rows.ts';
import type { BackupManifest, ManifestObject } from './manifest.ts';
import { decompress } from './object/blocks.ts';
import type { Repository } from './repository.ts';

/** The object of a backup that is this part. @throws YumOpsError `backup_part_missing` */
export function partOf(manifest: BackupManifest, part: string): ManifestObject {
  const object = manifest.objects.find((item) => item.part === part);
  if (object) return object;
  throw new YumOpsError('backup_part_missing', `The backup ${manifest.id} has no ${part}.`, {
    hint:
      manifest.tier === 'physical'
        ? `It is one of the physical tier: yumops backup restore ${manifest.name} --at TIME --to-dir DIR restores the server as it was at a moment. Or choose a logical backup.`
        : 'Choose another backup.',
    status: 409,
  });
}

/** The rows of all tables as the backup has them; empty where it has no database. */
export async function readTables(repository: Repository, manifest: BackupManifest): Promise<TableRecord[]> {
  if (!manifest.objects.some(({ part }) => part === 'tables')) return [];
  return JSON.parse(await repository.readText(partOf(manifest, 'tables'))) as TableRecord[];
}

export async function readClusterRecord(repository: Repository, manifest: BackupManifest): Promise<ClusterRecord> {
  return JSON.parse(await repository.readText(partOf(manifest, 'roles'))) as ClusterRecord;
}

/**
 * The archives of a database: first the one that describes it, then those with rows of large tables. Empty where the backup has
 * no database.
 */
export function dumpsOf({ objects }: BackupManifest): ManifestObject[] {
  const numberOf = ({ part }: ManifestObject) => Number(/^dump(?:\.(\d+))?$/.exec(part)?.[1] ?? 0);
  return objects.filter(({ part }) => /^dump(\.\d+)?$/.test(part)).sort((a, b) => numberOf(a) - numberOf(b));
}

/** What the archive number `index` is called in a manifest. */
export const dumpPart = (index: number) => (index === 0 ? 'dump' : `dump.${index}`);

/** One archive as `pg_dump` wrote it. A piece is empty once the next is asked for. @param onPiece hears of every piece as it is stored, in bytes */
export function readArchive(
  repository: Repository,
  dump: ManifestObject,
  onPiece: (bytes: number) => void = () => undefined,
): AsyncIterable<Buffer> {
  async function* heard(): AsyncIterable<Buffer> {
    for await (const piece of repository.readObject(dump)) {
      onPiece(piece.length);
      yield piece;
    }
  }
  // Backups of earlier versions hold the archive compressed by pg_dump itself.
  return lend(dump.packed === undefined ? heard() : decompress(lend(heard()), dump.path));
}

/** The archive of a whole database, put together where it was dumped in parts. Its pieces are as those of `readArchive`. @param onPiece as of `readArchive` */
export function readDump(
  repository: Repository,
  manifest: BackupManifest,
  onPiece?: (bytes: number) => void,
): AsyncIterable<Buffer> {
  const main = partOf(manifest, 'dump');
  const [, ...parts] = dumpsOf(manifest);
  const sourceOf = (dump: ManifestObject) => ({
    path: dump.path,
    read: () => readArchive(repository, dump, onPiece),
  });
  return parts.length === 0
    ? readArchive(repository, main, onPiece)
    : mergeArchives(sourceOf(main), parts.map(sourceOf));
}

/** Reads objects to their end, so that damage is found before anything is done with them. */
export async function readThrough(
  repository: Repository,
  objects: readonly ManifestObject[],
  progress: ProgressReport,
  signal: AbortSignal,
): Promise<void> {
  const total = objects.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
  let done = 0;
  for (const object of objects) {
    for await (const piece of repository.readObject(object)) {
      signal.throwIfAborted();
      done += piece.length;
      progress(done, total, 'bytes checked');
    }
  }
}
