import { createHash } from 'node:crypto';
import type { ProgressReport } from '../database.ts';
import type { Repository, StoredObject } from '../repository.ts';
import { ChunkWriter } from './chunk-store.ts';
import { cutByContent } from './chunker.ts';
import type { FileEntry, FileRecord, FileSource } from './file-source.ts';
import type { ReferencedFiles } from './referenced-files.ts';

export interface FilesBackup {
  /** The list of files. */
  list: StoredObject;
  files: number;
  /** Bytes of all files. */
  total: number;
  /** Bytes of chunks that the store did not have. */
  added: number;
  warnings: string[];
}

export interface FilesOptions {
  /** Where the list stands. */
  path: string;
  sources: readonly FileSource[];
  /** Files that rows name; each that is backed up is ticked off. */
  referenced: ReferencedFiles;
  lockUntil: number | undefined;
  signal: AbortSignal;
  progress: ProgressReport;
}

/** Backs up the bytes of all files of all sources. @throws YumOpsError when one cannot be read, and what the store throws */
export async function backUpFiles(repository: Repository, options: FilesOptions): Promise<FilesBackup> {
  const { path, sources, referenced, lockUntil, signal, progress } = options;
  const chunks = await ChunkWriter.open(repository, lockUntil);
  const result = { files: 0, total: 0, warnings: [] as string[] };
  async function* lines(): AsyncIterable<Uint8Array> {
    for (const source of sources) {
      for await (const entry of source.list()) {
        signal.throwIfAborted();
        const record = await backUpEntry(source, entry, chunks, result.warnings);
        if (!record) continue;
        if (record.kind === 'file') {
          result.files++;
          result.total += record.bytes;
          referenced.tickOff(source.root, record.path);
          progress(result.files, null, `files of ${source.name}`);
        }
        yield Buffer.from(`${JSON.stringify(record)}\n`);
      }
    }
    // The list is a promise that the chunks are there.
    await chunks.finish();
  }
  const list = await repository.writeObject(path, lines());
  return { list, ...result, added: chunks.added };
}

async function backUpEntry(
  source: FileSource,
  entry: FileEntry,
  chunks: ChunkWriter,
  warnings: string[],
): Promise<FileRecord | undefined> {
  const record: FileRecord = { source: source.name, ...entry };
  if (entry.kind !== 'file') return record;
  const content = await source.read(entry.path);
  if (!content) {
    warnings.push(`${source.name}: ${entry.path} was removed while the backup ran`);
    return undefined;
  }
  const sum = createHash('sha256');
  const ids: string[] = [];
  let bytes = 0;
  for await (const piece of cutByContent(content, chunks.gear, chunks.room)) {
    sum.update(piece);
    bytes += piece.length;
    ids.push(await chunks.add(piece));
  }
  if (bytes !== entry.bytes) warnings.push(`${source.name}: ${entry.path} was written while the backup ran`);
  return { ...record, bytes, sha256: sum.digest('hex'), chunks: ids };
}
