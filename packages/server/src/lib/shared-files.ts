/**
 * The port to files that all instances of an installation share. Paths are those of a `BlobStore`. Implemented in `main`
 * over the blob store; what is in it is sealed. Every method throws those of the blob store.
 */
export interface SharedFiles {
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is none. */
  get(path: string): Promise<Buffer | undefined>;
  /** Paths that begin with `prefix`. */
  list(prefix: string): AsyncIterable<string>;
  delete(path: string): Promise<void>;
}
