import { silenceAwsNotice } from '../../config/aws-notice.ts';
import type { BlobStore } from '../../lib/blob.ts';
import { readBlobAddress } from './address.ts';
import { DirectoryBlobStore } from './directory.ts';

/**
 * Opens the store behind a URL; see `readBlobAddress` for its forms. Nothing is asked of it yet.
 * @param root the folder that `file:./…` counts from
 * @throws YumOpsError `blob_address`
 */
export async function openBlobStore(url: string, root: string): Promise<BlobStore> {
  const address = readBlobAddress(url, root);
  if (address.kind === 'directory') return new DirectoryBlobStore(address.root);
  // Its packages are many; who keeps blobs in a directory never loads them.
  silenceAwsNotice();
  const { S3BlobStore } = await import('./s3.ts');
  return S3BlobStore.open(address);
}

/** The same address for somebody who stands elsewhere. @throws YumOpsError `blob_address` */
export function absoluteBlobUrl(url: string, root: string): string {
  const address = readBlobAddress(url, root);
  return address.kind === 'directory' ? `file:${address.root}` : url;
}

/**
 * Opens a bucket of the operator's for reading, whatever its keys are; see `readBlobAddress` for the forms of the URL.
 * @throws YumOpsError `blob_address`
 */
export async function openBucket(url: string): Promise<BlobStore> {
  const address = readBlobAddress(url, '/');
  if (address.kind === 'directory') return new DirectoryBlobStore(address.root);
  silenceAwsNotice();
  const { S3BlobStore } = await import('./s3.ts');
  return S3BlobStore.openForeign(address);
}
