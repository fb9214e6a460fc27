import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import type { Queryable } from '../../../lib/db.ts';
import { codeOf, YumOpsError } from '../../../lib/errors.ts';
import type { SharedFiles } from '../../../lib/shared-files.ts';
import { MAX_SOURCE_MAP, storeSourceMap } from './store-map.ts';

/** Size of a chunk that uploaders are asked for, bytes. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

/** Largest bundle when it is put together, bytes. */
const MAX_BUNDLE = 512 * 1024 * 1024;

/** Where chunks stand among the shared files. */
const SHARED = 'chunks/';

/** How long a chunk waits for its bundle, milliseconds. */
const CHUNK_KEPT = 24 * 3_600_000;

const SHA1 = /^[0-9a-f]{40}$/;

export interface Bundle {
  /** SHA-1 of the whole, in hex. */
  checksum: string;
  /** SHA-1 of its chunks, in order. */
  chunks: readonly string[];
  release: string | null;
  dist: string | null;
}

export type Assembly = { state: 'not_found'; missingChunks: string[] } | { state: 'created'; maps: number };

/** Chunks of artifact bundles, as `sentry-cli` and the bundler plugins upload them, and what becomes of them. */
export class ChunkUpload {
  readonly #chunks: string;
  readonly #maps: string;
  readonly #shared: SharedFiles | null;

  /** @param folder of source maps; chunks wait in it, and among the shared files: any instance may get the next */
  constructor(folder: string, shared: SharedFiles | null) {
    this.#maps = folder;
    this.#shared = shared;
    this.#chunks = join(folder, 'chunks');
  }

  /** Keeps a chunk. @throws invalid_chunk (400) when it is not what its name says */
  async keep(checksum: string, content: Uint8Array): Promise<void> {
    if (createHash('sha1').update(content).digest('hex') !== checksum) {
      throw new YumOpsError('invalid_chunk', `The chunk is not the one with SHA-1 ${checksum.slice(0, 64)}.`, {
        status: 400,
      });
    }
    await mkdir(this.#chunks, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(this.#chunks, checksum), Buffer.from(content));
    await this.#shared?.put(`${SHARED}${checksum}`, content);
  }

  /**
   * Puts a bundle together from its chunks and keeps the source maps in it.
   * @throws invalid_bundle (400)
   */
  async assemble(bundle: Bundle, deps: { db: Queryable; now: number }): Promise<Assembly> {
    const { chunks, checksum } = bundle;
    if (![checksum, ...chunks].every((name) => SHA1.test(name))) throw invalid('Its checksums are not SHA-1 in hex.');
    const missingChunks: string[] = [];
    for (const chunk of chunks) if (!(await this.#size(chunk))) missingChunks.push(chunk);
    if (missingChunks.length > 0 || chunks.length === 0) return { state: 'not_found', missingChunks };
    const content = await this.#join(chunks);
    if (createHash('sha1').update(content).digest('hex') !== checksum)
      throw invalid('Its chunks do not make up its checksum.');
    const maps = readBundle(content, bundle);
    for (const map of maps) await storeSourceMap({ ...deps, folder: this.#maps, shared: this.#shared }, map);
    for (const chunk of chunks) {
      await rm(join(this.#chunks, chunk), { force: true });
      await this.#shared?.delete(`${SHARED}${chunk}`);
    }
    await this.#expire(deps.now);
    return { state: 'created', maps: maps.length };
  }

  async #size(chunk: string): Promise<number> {
    try {
      return (await stat(join(this.#chunks, chunk))).size;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    const bytes = await this.#shared?.get(`${SHARED}${chunk}`);
    if (!bytes) return 0;
    await mkdir(this.#chunks, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(this.#chunks, chunk), bytes);
    return bytes.length;
  }

  async #join(chunks: readonly string[]): Promise<Buffer> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (const chunk of chunks) {
      const part = await readFile(join(this.#chunks, chunk));
      bytes += part.length;
      if (bytes > MAX_BUNDLE) throw invalid(`It has more than ${MAX_BUNDLE / 1_048_576} MiB.`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async #expire(now: number): Promise<void> {
    for (const name of await readdir(this.#chunks)) {
      const { mtimeMs } = await stat(join(this.#chunks, name)).catch(() => ({ mtimeMs: now }));
      if (mtimeMs < now - CHUNK_KEPT) await rm(join(this.#chunks, name), { force: true });
    }
  }
}

function invalid(why: string): YumOpsError {
  return new YumOpsError('invalid_bundle', `The artifact bundle cannot be used. ${why}`, { status: 400 });
}

interface Manifest {
  release?: string;
  dist?: string;
  files?: Record<string, { type?: string; url?: string; headers?: Record<string, string> }>;
}

/** The source maps of a bundle: a zip with a `manifest.json` that names them. */
function readBundle(content: Buffer, { release, dist }: Bundle) {
  const files = unpack(content);
  const text = files['manifest.json'];
  if (!text) throw invalid('It has no manifest.json.');
  const manifest = JSON.parse(Buffer.from(text).toString('utf8')) as Manifest;
  const entries = Object.entries(manifest.files ?? {});
  const urlOfMap = scriptUrls(entries);
  return entries.flatMap(([path, { type, url = path, headers = {} }]) => {
    const content = files[path];
    if (type !== 'source_map' || !content) return [];
    const debugId = headerOf(headers, 'debug-id') ?? null;
    const ofRelease = debugId === null ? (release ?? manifest.release ?? null) : null;
    if (debugId === null && ofRelease === null) return [];
    const name = urlOfMap.get(url) ?? url.replace(/\.map$/, '');
    return [{ debugId, release: ofRelease, dist: dist ?? manifest.dist ?? null, name, content }];
  });
}

/** The script of each map: scripts say in a header where their map is. */
function scriptUrls(
  entries: readonly [string, { url?: string; headers?: Record<string, string> }][],
): Map<string, string> {
  const urls = new Map<string, string>();
  for (const [path, { url = path, headers = {} }] of entries) {
    const map = headerOf(headers, 'sourcemap') ?? headerOf(headers, 'x-sourcemap');
    if (map === undefined) continue;
    const folder = url.replace(/[^/]*$/, '');
    urls.set(map.startsWith('~') || map.includes('://') ? map : `${folder}${map}`, url);
  }
  return urls;
}

function headerOf(headers: Record<string, string>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Only maps and the manifest are unpacked, up to a bound. */
function unpack(content: Buffer): Record<string, Uint8Array> {
  let bytes = 0;
  try {
    return unzipSync(content, {
      filter({ name, originalSize }) {
        const wanted = name === 'manifest.json' || !/\.(?:[cm]?[jt]sx?|css|html)$/i.test(name);
        if (wanted) bytes += originalSize;
        if (originalSize > MAX_SOURCE_MAP || bytes > MAX_BUNDLE) throw invalid('A file in it is too large.');
        return wanted;
      },
    });
  } catch (error) {
    throw error instanceof YumOpsError ? error : invalid('It is no zip file, or a damaged one.');
  }
}
