import type { Config } from '../../config/index.ts';
import type { Settings } from '../../config/settings.ts';
import type { BlobStore } from '../../lib/blob.ts';
import { openBlobStore } from '../../store/blob/index.ts';

/** Opens the store for backups and other large objects: the environment's, else the one that the configuration names. */
export function openBlobs(
  { blobUrl }: Settings,
  { root, stores }: Pick<Config, 'root' | 'stores'>,
): Promise<BlobStore> {
  return openBlobStore(blobUrl ?? stores.blobs, root);
}
