import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YumOpsError } from '../../lib/errors.ts';

/** Where a blob store is, read from its URL. */
export type BlobAddress =
  | { kind: 'directory'; root: string }
  | {
      kind: 's3';
      bucket: string;
      /** Without slashes at its ends; may be empty. */
      prefix: string;
      /** Undefined = Amazon's, or what `AWS_ENDPOINT_URL` says. */
      endpoint: string | undefined;
      region: string | undefined;
      /** Undefined = what the environment and the machine's role give. */
      credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
      /** Whether the bucket's name goes into the path rather than the host. */
      pathStyle: boolean;
    };

function wrong(why: string): YumOpsError {
  return new YumOpsError('blob_address', `The address of the blob store is not valid: ${why}.`, {
    hint: 'Write file:./folder, s3://bucket/prefix, or https://KEY:SECRET@host/bucket/prefix.',
    status: 400,
  });
}

function credentialsOf(url: URL) {
  if (url.username === '') return undefined;
  if (url.password === '') throw wrong('it has an access key and no secret');
  return { accessKeyId: decodeURIComponent(url.username), secretAccessKey: decodeURIComponent(url.password) };
}

/**
 * Reads the URL of a blob store.
 *
 * `file:./folder` counts from `root`. `s3://bucket/prefix` takes endpoint, region and credentials from the query
 * (`?endpoint=…&region=…`), else from the environment as Amazon's tools do. `http(s)://KEY:SECRET@host/bucket/prefix`
 * names any compatible service.
 * @throws YumOpsError `blob_address`
 */
export function readBlobAddress(text: string, root: string): BlobAddress {
  if (text.startsWith('file:')) {
    const isUrl = text.startsWith('file://');
    return { kind: 'directory', root: isUrl ? fileURLToPath(text) : resolve(root, text.slice('file:'.length)) };
  }
  if (!URL.canParse(text)) throw wrong('it is no URL');
  const url = new URL(text);
  const region = url.searchParams.get('region') ?? undefined;
  const credentials = credentialsOf(url);
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (url.protocol === 's3:') {
    if (url.hostname === '') throw wrong('it names no bucket');
    const endpoint = url.searchParams.get('endpoint') ?? undefined;
    const pathStyle = endpoint !== undefined || url.searchParams.get('path_style') === 'true';
    return { kind: 's3', bucket: url.hostname, prefix: parts.join('/'), endpoint, region, credentials, pathStyle };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong(`it begins with ${url.protocol}`);
  const [bucket, ...prefix] = parts;
  if (bucket === undefined) throw wrong('it names no bucket');
  return {
    kind: 's3',
    bucket,
    prefix: prefix.join('/'),
    endpoint: url.origin,
    region: region ?? 'us-east-1',
    credentials,
    pathStyle: true,
  };
}
