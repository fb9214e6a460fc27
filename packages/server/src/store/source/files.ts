import { resolve } from 'node:path';
import type { FileSource } from '../../care/backup/index.ts';
import { openBucket } from '../blob/index.ts';
import { BucketFiles } from './bucket-files.ts';
import { FolderFiles } from './folder-files.ts';

/**
 * Opens an item of `files:` of a backup: a folder, or the URL of a bucket.
 * @param root the folder that relative paths count from
 * @throws YumOpsError `blob_address`
 */
export async function openFiles(item: string, root: string): Promise<FileSource> {
  if (!/^(s3|https?):\/\//.test(item)) return new FolderFiles(item, resolve(root, item.replace(/^file:/, '')));
  const bucket = await openBucket(item);
  return new BucketFiles(bucket.address, bucket);
}
