import { createHash, type Hash } from 'node:crypto';
import { YumOpsError } from '../../../lib/errors.ts';
import { type Lsn, parseLsn } from './lsn.ts';
import type { TarEvent } from './tar.ts';

/** One file as the server described it. */
export interface ManifestFile {
  size: number;
  /** SHA-256 in lower-case hex. */
  sha256: string;
}

/** The server's own list of what a base backup holds (`backup_manifest`). */
export interface ServerManifest {
  files: Map<string, ManifestFile>;
  wal: { timeline: number; start: Lsn; end: Lsn }[];
}

interface RawManifest {
  Files: { Path?: string; 'Encoded-Path'?: string; Size: number; 'Checksum-Algorithm'?: string; Checksum?: string }[];
  'WAL-Ranges': { Timeline: number; 'Start-LSN': string; 'End-LSN': string }[];
  'Manifest-Checksum': string;
}

/**
 * Reads a manifest and checks it against its own sum, which covers everything before the line that carries it.
 * @throws YumOpsError `manifest_damaged`
 */
export function readServerManifest(bytes: Buffer): ServerManifest {
  const mark = bytes.lastIndexOf('"Manifest-Checksum"');
  let raw: RawManifest;
  try {
    raw = JSON.parse(bytes.toString('utf8')) as RawManifest;
  } catch {
    throw damaged('it is not complete');
  }
  const sum = createHash('sha256').update(bytes.subarray(0, mark)).digest('hex');
  if (mark < 0 || raw['Manifest-Checksum'] !== sum) throw damaged('it does not match its own sum');
  const files = new Map<string, ManifestFile>();
  for (const file of raw.Files) {
    if (file['Checksum-Algorithm'] !== 'SHA256' || file.Checksum === undefined) throw damaged('a file has no SHA-256');
    const path = file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('utf8');
    files.set(path, { size: file.Size, sha256: file.Checksum });
  }
  const wal = raw['WAL-Ranges'].map((range) => ({
    timeline: range.Timeline,
    start: parseLsn(range['Start-LSN']),
    end: parseLsn(range['End-LSN']),
  }));
  return { files, wal };
}

/**
 * A manifest of other files with the server and the log of `like`, in the form that a server reads for an increment on them: its
 * sum covers everything before the line that carries it.
 * @param like a manifest of a server, as it wrote it
 */
export function writeServerManifest(like: Buffer, files: ReadonlyMap<string, ManifestFile>): Buffer {
  const text = like.toString('utf8');
  const head = text.slice(0, text.indexOf('"Files"'));
  const tail = text.slice(text.indexOf('"WAL-Ranges"'), text.lastIndexOf('"Manifest-Checksum"'));
  const lines = [...files].map(
    ([path, { size, sha256 }]) =>
      `{ "Path": ${JSON.stringify(path)}, "Size": ${size}, "Checksum-Algorithm": "SHA256", "Checksum": "${sha256}" }`,
  );
  const body = `${head}"Files": [\n${lines.join(',\n')}\n],\n${tail}`;
  return Buffer.from(`${body}"Manifest-Checksum": "${createHash('sha256').update(body).digest('hex')}"}\n`);
}

function damaged(why: string): YumOpsError {
  return new YumOpsError('manifest_damaged', `The server's manifest of the base backup is damaged: ${why}.`);
}

/** What differs between files as they came and the manifest. */
export interface FileDifference {
  path: string;
  problem: 'missing' | 'unexpected' | 'size' | 'checksum';
}

/** Hashes files as they pass, to be held against the manifest that comes after them. */
export class FileSums {
  readonly #seen = new Map<string, ManifestFile>();
  #open: { path: string; size: number; hash: Hash } | undefined;

  /** What has passed, by its path. */
  get files(): ReadonlyMap<string, ManifestFile> {
    return this.#seen;
  }

  see(event: TarEvent): void {
    if (event.kind === 'file') this.#open = { path: event.path, size: 0, hash: createHash('sha256') };
    else if (event.kind === 'data' && this.#open) {
      this.#open.size += event.bytes.length;
      this.#open.hash.update(event.bytes);
    } else if (event.kind === 'end' && this.#open) {
      const { path, size, hash } = this.#open;
      this.#seen.set(path, { size, sha256: hash.digest('hex') });
      this.#open = undefined;
    }
  }

  /** Every difference; the server's own list does not contain itself. */
  compare(manifest: ServerManifest): FileDifference[] {
    const differences: FileDifference[] = [];
    for (const [path, want] of manifest.files) {
      const have = this.#seen.get(path);
      if (!have) differences.push({ path, problem: 'missing' });
      else if (have.size !== want.size) differences.push({ path, problem: 'size' });
      else if (have.sha256 !== want.sha256) differences.push({ path, problem: 'checksum' });
    }
    for (const path of this.#seen.keys()) {
      if (!manifest.files.has(path)) differences.push({ path, problem: 'unexpected' });
    }
    return differences;
  }
}
