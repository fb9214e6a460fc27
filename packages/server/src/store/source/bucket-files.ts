import type { FileEntry, FileSource } from '../../care/backup/index.ts';
import type { BlobStore } from '../../lib/blob.ts';
import { codeOf } from '../../lib/errors.ts';

/** A bucket, or a part of one, whose objects are backed up. */
export class BucketFiles implements FileSource {
  readonly name: string;
  readonly root: string;
  readonly #bucket: BlobStore;

  constructor(name: string, bucket: BlobStore) {
    this.name = name;
    this.root = bucket.address.split(' ')[0] ?? bucket.address;
    this.#bucket = bucket;
  }

  async *list(): AsyncIterable<FileEntry> {
    for await (const { path, bytes, modified } of this.#bucket.list('')) {
      // A key that ends with a slash is what some tools make to show a folder.
      if (path !== '' && !path.endsWith('/')) yield { kind: 'file', path, bytes, modified, mode: null };
    }
  }

  async read(path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const pieces = this.#bucket.get(path)[Symbol.asyncIterator]();
    try {
      const first = await pieces.next();
      return startingWith(first, pieces);
    } catch (error) {
      if (codeOf(error) === 'blob_missing') return undefined;
      throw error;
    }
  }

  close(): void {
    this.#bucket.close();
  }
}

async function* startingWith(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncIterable<Uint8Array> {
  for (let next = first; !next.done; next = await rest.next()) yield next.value;
}
