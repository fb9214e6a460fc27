import { createHash } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { dirname, join, posix, resolve, sep } from 'node:path';
import { codeOf, YumOpsError } from '../../../lib/errors.ts';
import { randomHex } from '../../../lib/random.ts';
import type { ProgressReport } from '../database.ts';
import { chunkPath } from '../files/chunk-store.ts';
import type { FileRecord } from '../files/file-source.ts';
import type { BackupManifest } from '../manifest.ts';
import { partOf } from '../objects.ts';
import type { Repository } from '../repository.ts';

/** The list of files of a backup, line by line. */
export async function* readFileList(repository: Repository, manifest: BackupManifest): AsyncIterable<FileRecord> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const piece of repository.readObject(partOf(manifest, 'files'))) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as FileRecord;
  }
}

/** The bytes of a file, checked against its sum. @throws YumOpsError `backup_damaged`, `blob_missing` */
export async function* readFileContent(repository: Repository, record: FileRecord): AsyncIterable<Buffer> {
  const sum = createHash('sha256');
  for (const id of record.chunks ?? []) {
    for await (const piece of repository.readObject(chunkPath(repository, id))) {
      sum.update(piece);
      yield piece;
    }
  }
  if (sum.digest('hex') === record.sha256) return;
  throw new YumOpsError('backup_damaged', `The file ${record.path} is damaged: its checksum does not fit.`, {
    status: 409,
  });
}

export interface RestoreFilesOptions {
  /** A file or folder of the backup; undefined = all. */
  path: string | undefined;
  /** Absolute path of the folder that gets the files. */
  folder: string;
  /** Whether files that are there may be replaced. */
  replace: boolean;
  progress: ProgressReport;
  signal: AbortSignal;
}

/**
 * Restores files into a folder, each complete or not at all.
 * @throws YumOpsError `backup_file_unknown`, `restore_file_exists`, and those of the repository
 */
export async function restoreFiles(
  repository: Repository,
  manifest: BackupManifest,
  options: RestoreFilesOptions,
): Promise<{ files: number; bytes: number }> {
  const { path, folder, progress, signal } = options;
  const chosen: FileRecord[] = [];
  for await (const record of readFileList(repository, manifest)) if (isChosen(record, path)) chosen.push(record);
  if (chosen.length === 0) {
    throw new YumOpsError('backup_file_unknown', `The backup ${manifest.id} has no file ${path ?? ''}.`, {
      hint: 'Paths are relative to their source. Without --file all files are restored.',
      status: 404,
    });
  }
  const total = chosen.reduce((sum, record) => sum + record.bytes, 0);
  let bytes = 0;
  let files = 0;
  for (const record of chosen) {
    signal.throwIfAborted();
    await restoreEntry(repository, record, placeOf(folder, record), options.replace);
    if (record.kind === 'file') files++;
    bytes += record.bytes;
    progress(bytes, total, 'bytes restored');
  }
  return { files, bytes };
}

function isChosen(record: FileRecord, path: string | undefined): boolean {
  if (path === undefined) return true;
  const plain = posix.normalize(path).replace(/^\.\//, '').replace(/\/$/, '');
  const source = record.source.replace(/^\.\//, '').replace(/\/$/, '');
  return [record.path, `${source}/${record.path}`].some((form) => form === plain || form.startsWith(`${plain}/`));
}

/** Where a file goes; never outside of the folder, whatever its name is. */
function placeOf(folder: string, record: FileRecord): string {
  const place = resolve(folder, record.path);
  if (place.startsWith(resolve(folder) + sep)) return place;
  throw new YumOpsError('backup_damaged', `The path ${record.path} leads out of the folder.`, { status: 409 });
}

async function restoreEntry(
  repository: Repository,
  record: FileRecord,
  place: string,
  replace: boolean,
): Promise<void> {
  await mkdir(record.kind === 'folder' ? place : dirname(place), { recursive: true });
  if (record.kind === 'folder') return;
  if (!replace && (await exists(place))) {
    throw new YumOpsError('restore_file_exists', `There is ${place} already.`, {
      hint: 'Choose an empty folder, or say --yes to replace it.',
      status: 409,
    });
  }
  const temporary = join(dirname(place), `.yumops-${randomHex(6)}`);
  try {
    if (record.kind === 'link') await symlink(record.target ?? '', temporary);
    else await writeContent(repository, record, temporary);
    await rename(temporary, place);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeContent(repository: Repository, record: FileRecord, path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of readFileContent(repository, record)) await file.writeFile(piece);
  } finally {
    await file.close();
  }
  if (record.mode !== null) await chmod(path, record.mode);
  await utimes(path, record.modified / 1_000, record.modified / 1_000);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
