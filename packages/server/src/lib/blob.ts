import { YumOpsError } from './errors.ts';

/** What is known of a stored object without reading it. */
export interface BlobInfo {
  /** Its path, as given to `put`. */
  path: string;
  bytes: number;
  /** When it was stored, milliseconds since the epoch, by the store's clock. */
  modified: number;
}

export interface PutOptions {
  /** Refuses with `blob_exists` when the path is taken, also against another writer at the same moment. */
  ifAbsent?: boolean;
  /** Nobody can delete or replace this version before this time, milliseconds since the epoch. Only where `locks`. */
  lockUntil?: number;
  signal?: AbortSignal;
  /**
   * Goes on where an upload to this path was interrupted, by a kill too, and leaves what an interruption stops for the next
   * time. Only for a body that is the same each time; where the store keeps no parts it begins again.
   */
  resume?: boolean;
  /**
   * Is sent again for some minutes where the network loses it: what was stored for it before would be for nothing. Else a store that
   * is away is told of after a minute at most.
   */
  patient?: boolean;
  /** What a browser takes it for, where the store tells browsers. */
  contentType?: string;
  /** How long whoever reads it by HTTP may keep it, where the store tells them: a value of `cache-control`. */
  cacheControl?: string;
}

/** Bytes from `start` (default 0) up to, not including, `end` (default: all). */
export interface ByteRange {
  start?: number;
  end?: number;
}

/**
 * The port to a store of large objects: a directory or an S3-compatible service, implemented in `store/blob`.
 *
 * Paths are made of `A-Z a-z 0-9 . _ -` and `/`. Every method throws `YumOpsError`: `blob_missing`, `blob_exists`,
 * `blob_locked`, `blob_refused` (rights), `blob_full`, `blob_unavailable` (no answer, or a fault of the store),
 * `blob_path` (a path that no store takes). Faults that pass are tried again inside.
 */
export interface BlobStore {
  /** For people: where it is, without its credentials. */
  readonly address: string;
  /** Whether objects can be locked against deletion. */
  readonly locks: boolean;
  /**
   * Stores an object. It appears at once and whole, when `body` has ended; when `body` throws, nothing appears and
   * the error is passed on. Memory stays bounded whatever the size.
   */
  put(path: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<BlobInfo>;
  /** The bytes of an object, in pieces. A broken connection is taken up again where it broke. */
  get(path: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Undefined when there is no such object. */
  head(path: string): Promise<BlobInfo | undefined>;
  /** All objects whose path begins with `prefix`, in order of their paths. */
  list(prefix: string): AsyncIterable<BlobInfo>;
  /** Removes an object. One that is not there is no error; a locked one is `blob_locked`. */
  delete(path: string): Promise<void>;
  /**
   * Removes what killed processes left of objects that never appeared.
   * @param before only what was begun earlier, milliseconds since the epoch
   */
  sweepUnfinished(prefix: string, before: number): Promise<void>;
  /** Moves the end of an object's lock further away; never nearer. Does nothing where the store has no locks. */
  extendLock(path: string, until: number): Promise<void>;
  close(): void;
}

const PATH = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;

/** Checks a path before any store sees it. @throws YumOpsError `blob_path` */
export function checkBlobPath(path: string): void {
  const parts = path.split('/');
  if (PATH.test(path) && path.length <= 900 && !parts.includes('.') && !parts.includes('..')) return;
  throw new YumOpsError('blob_path', `"${path}" cannot be the path of a stored object.`);
}

/** `blob_missing`, as every store says it. */
export function blobMissing(path: string, address: string): YumOpsError {
  return new YumOpsError('blob_missing', `There is no object ${path} in ${address}.`, { status: 404 });
}

/** `blob_exists`, as every store says it. */
export function blobExists(path: string, address: string): YumOpsError {
  return new YumOpsError('blob_exists', `There is an object ${path} in ${address} already.`, { status: 409 });
}

/** Reads a small object whole. @throws YumOpsError `blob_too_large` over `limit` bytes, and what the store throws */
export async function readBlob(store: BlobStore, path: string, limit = 64 * 1024 * 1024): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of store.get(path)) {
    bytes += piece.length;
    if (bytes > limit) throw new YumOpsError('blob_too_large', `${path} has more than ${limit} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
