import { createHash } from 'node:crypto';
import type { VerificationFinding } from '../catalogue.ts';
import type { ProgressReport } from '../database.ts';
import { chunkPath, storedChunks } from '../files/chunk-store.ts';
import type { BackupManifest, ManifestObject } from '../manifest.ts';
import type { Repository } from '../repository.ts';
import { readFileContent, readFileList } from '../restore/restore-files.ts';
import { findingOf } from './findings.ts';

export interface StoredCheck {
  repository: Repository;
  manifest: BackupManifest;
  progress: ProgressReport;
  signal: AbortSignal;
}

/** Level 0: every object is there, with the size and the checksum that it was stored with. */
export async function checkStored({
  repository,
  manifest,
  progress,
  signal,
}: StoredCheck): Promise<VerificationFinding[]> {
  const findings: VerificationFinding[] = [];
  const total = manifest.objects.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const object of manifest.objects) {
    const sum = createHash('sha256');
    let bytes = 0;
    try {
      for await (const piece of repository.store.get(object.path)) {
        signal.throwIfAborted();
        sum.update(piece);
        bytes += piece.length;
        progress(done + bytes, total, 'bytes summed');
      }
      const problem = compareSums(object, bytes, sum.digest('hex'));
      if (problem !== null) findings.push({ code: 'object_damaged', object: object.path, message: problem });
    } catch (error) {
      findings.push(findingOf(object.path, error));
    }
    done += bytes;
  }
  return findings;
}

function compareSums(object: ManifestObject, bytes: number, sha256: string): string | null {
  if (bytes !== object.bytes) {
    return `${object.path} has ${bytes} bytes where ${object.bytes} were stored: it ${bytes < object.bytes ? 'was cut short' : 'grew'}.`;
  }
  return sha256 === object.sha256 ? null : `${object.path} was altered: its SHA-256 is not the one that was stored.`;
}

/** Level 1: every object opens, and every file can be put together again. Each chunk is read once. */
export async function checkOpens(check: StoredCheck): Promise<VerificationFinding[]> {
  const { repository, manifest, progress, signal } = check;
  const findings: VerificationFinding[] = [];
  let done = 0;
  const total = manifest.objects.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
  for (const object of manifest.objects) {
    try {
      for await (const piece of repository.readObject(object)) {
        signal.throwIfAborted();
        done += piece.length;
        progress(done, total, 'bytes opened');
      }
    } catch (error) {
      findings.push(findingOf(object.path, error));
    }
  }
  const hasFiles = manifest.objects.some(({ part }) => part === 'files');
  return hasFiles && findings.length === 0 ? checkFiles(check) : findings;
}

async function checkFiles({ repository, manifest, progress, signal }: StoredCheck): Promise<VerificationFinding[]> {
  const findings: VerificationFinding[] = [];
  const stored = await storedChunks(repository);
  let files = 0;
  for await (const record of readFileList(repository, manifest)) {
    signal.throwIfAborted();
    if (record.kind !== 'file') continue;
    const missing = record.chunks?.find((id) => !stored.has(id));
    if (missing !== undefined) {
      const message = `A piece of the file ${record.path} is missing: ${chunkPath(repository, missing)}.`;
      findings.push({ code: 'object_missing', object: record.path, message });
      continue;
    }
    try {
      for await (const _ of readFileContent(repository, record)) signal.throwIfAborted();
    } catch (error) {
      findings.push(findingOf(record.path, error));
    }
    progress(++files, null, 'files opened');
  }
  return findings;
}
