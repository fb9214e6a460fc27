import { createHash, createHmac } from 'node:crypto';
import { type BlobInfo, type BlobStore, type PutOptions, readBlob } from '../../lib/blob.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Standing } from '../../lib/seal.ts';
import { slug } from '../../lib/section.ts';
import type { BackupKeys } from './key.ts';
import { damaged, HEADER_BYTES, readHeader } from './object/format.ts';
import { open } from './object/open.ts';
import { type SealedSums, type Sealing, seal } from './object/seal.ts';

/** A sealed object as a manifest names it. */
export interface StoredObject extends SealedSums {
  /** Within the blob store. */
  path: string;
}

/**
 * The backups of one name in one blob store: every object of every tier is written and read through it.
 *
 *     <name>/manifests/<id>.json        written last; what it names is a backup, everything else is rubbish
 *     <name>/running/<id>.json          a run that has begun and not ended
 *     <name>/failed/<id>.json           a run that failed, and why
 *     <name>/verified/<id>/<time>.json  evidence of one verification
 *     <name>/uses/…                     who reads backups now, or deletes some
 *     <name>/objects/<id>/…             sealed objects of one run; a base backup may name those of a run that was cut off
 *     <name>/chunks/…                   sealed pieces of files, shared by backups
 *     <name>/wal/…                      sealed WAL of the physical tier
 *
 * How a tier makes a backup: `writeObject` for each of its objects (path from `objectPath`), then `writeManifest` from
 * `manifest.ts`, last. A WAL segment is an object without manifest: `writeObject(walPath(timeline, name), …, { ifAbsent:
 * true })`, read again with `readObject(path)`. A source that throws leaves nothing behind.
 */
export class Repository {
  readonly store: BlobStore;
  readonly name: string;
  /** First part of every path. */
  readonly folder: string;
  readonly #keys: BackupKeys;
  #chunkKey: Buffer | undefined;

  /** @param name of the backup in the configuration */
  constructor(store: BlobStore, name: string, keys: BackupKeys) {
    this.store = store;
    this.name = name;
    this.folder = folderOf(name);
    this.#keys = keys;
  }

  /** Fingerprint of the key that new objects are sealed with. */
  get keyId(): string {
    return this.#keys.current.id;
  }

  /** Where the object `part` of the backup `id` stands. */
  objectPath(id: string, part: string): string {
    return `${this.folder}/objects/${id}/${part}`;
  }

  /** Where a WAL segment, or a timeline's history, stands. @param timeline 8 hex digits */
  walPath(timeline: string, segment: string): string {
    return `${this.folder}/wal/${timeline}/${segment}`;
  }

  /** Seals `source` into an object at `path`. It appears whole, when `source` has ended, or not at all. */
  async writeObject(path: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    const sealing = this.seal(path, source);
    await this.store.put(path, sealing.stream, options);
    return { path, ...sealing.sums() };
  }

  /** Seals `source` for an object at `path` that the caller stores, or does not. */
  seal(path: string, source: AsyncIterable<Uint8Array>): Sealing {
    return seal(source, path, this.#keys.current);
  }

  /**
   * The plaintext of an object; only authenticated bytes, and an error unless it is whole.
   * @param object its path, or its entry in a manifest, whose id and size it must then have
   * @throws YumOpsError `backup_damaged`, `backup_key_wrong`, and those of the blob store
   */
  async *readObject(object: string | StoredObject): AsyncIterable<Buffer> {
    if (typeof object === 'string') {
      yield* open(this.store.get(object), object, this.#keys);
      return;
    }
    const { path, objectId, plainBytes, plainSha256 } = object;
    const sum = createHash('sha256');
    let bytes = 0;
    for await (const piece of open(this.store.get(path), path, this.#keys, objectId)) {
      sum.update(piece);
      bytes += piece.length;
      yield piece;
    }
    if (bytes !== plainBytes || sum.digest('hex') !== plainSha256) throw damaged(path, 'its checksum does not fit');
  }

  /** Whether an object is sealed with the current key, one before it, or none that is given. Reads its header alone. */
  async standingOf(path: string): Promise<Standing> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.store.get(path, { start: 0, end: HEADER_BYTES })) pieces.push(piece);
    try {
      const { keyId } = readHeader(path, Buffer.concat(pieces), this.#keys);
      return keyId === this.#keys.current.id ? 'current' : 'previous';
    } catch (error) {
      if (error instanceof YumOpsError) return 'unreadable';
      throw error;
    }
  }

  /** Reads an object of text whole; at most 256 MB. */
  async readText(object: string | StoredObject): Promise<string> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of this.readObject(object)) {
      bytes += piece.length;
      if (bytes > 256 * 1024 * 1024)
        throw damaged(typeof object === 'string' ? object : object.path, 'it is too large');
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString();
  }

  /** Stores a small document that is authenticated, not encrypted: JSON on its first line, the HMAC of it on the second. */
  async writeRecord(path: string, record: object, options: PutOptions = {}): Promise<BlobInfo> {
    const { current } = this.#keys;
    const body = JSON.stringify({ ...record, keyId: current.id });
    return this.store.put(path, Buffer.from(`${body}\n${mac(current.derive('manifest'), path, body)}\n`), options);
  }

  /**
   * Reads a document that `writeRecord` stored.
   * @throws YumOpsError `backup_damaged`, `backup_key_wrong`, and those of the blob store
   */
  async readRecord<Type>(path: string): Promise<Type> {
    const [body = '', sum, end] = (await readBlob(this.store, path)).toString().split('\n');
    let record: { keyId?: unknown };
    try {
      record = JSON.parse(body) as { keyId?: unknown };
    } catch {
      throw damaged(path, 'it is no JSON document');
    }
    if (typeof record?.keyId !== 'string') throw damaged(path, 'it names no key');
    const key = this.#keys.open(record.keyId, path);
    if (sum !== mac(key.derive('manifest'), path, body) || end !== '') throw damaged(path, 'it was altered');
    return record as Type;
  }

  /** Seed of the places at which files are cut; private to the key. */
  chunkSeed(): Buffer {
    return this.#keys.current.derive('chunk', Buffer.from('places'));
  }

  /** The id of a chunk by its plaintext: without the key nobody learns whether a known file is among them. */
  chunkId(plain: Uint8Array): string {
    this.#chunkKey ??= this.#keys.current.derive('chunk');
    return createHmac('sha256', this.#chunkKey).update(plain).digest('hex');
  }
}

/** Name under which YumOps keeps its own state; no backup of the configuration may have it. */
export const SELF = 'yumops-self';

/** The folder of a backup's name in the store. */
export function folderOf(name: string): string {
  const plain = slug(name);
  // Names in other scripts than Latin stay apart from each other.
  if (/^[a-z0-9-]+$/.test(plain)) return plain;
  return `backup-${createHash('sha256').update(plain).digest('hex').slice(0, 12)}`;
}

function mac(key: Buffer, path: string, body: string): string {
  return createHmac('sha256', key).update(`${path}\n${body}`).digest('hex');
}
