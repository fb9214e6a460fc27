import { blobExists, blobMissing } from '../../lib/blob.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';

interface S3Failure {
  name: string;
  message: string;
  $metadata: { httpStatusCode?: number };
}

function isAnswer(error: unknown): error is S3Failure {
  return (error as Partial<S3Failure> | null)?.$metadata?.httpStatusCode !== undefined;
}

/** Whether the service says that there is no such object. */
export function isMissing(error: unknown): boolean {
  return isAnswer(error) && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}

/**
 * Turns an error of the client into one of the port; what the caller's own stream threw is left as it is.
 * @param address how people call the store
 */
export function asBlobError(path: string, address: string, error: unknown): unknown {
  if (error instanceof YumOpsError) return error;
  if (isAnswer(error)) return answered(path, address, error);
  const name = (error as Error | null)?.name ?? '';
  const code = codeOf(error) ?? '';
  if (name === 'CredentialsProviderError' || name === 'CredentialsError') {
    return new YumOpsError('blob_refused', `There are no credentials for ${address}.`, {
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them into the URL.',
      cause: error,
    });
  }
  if (name === 'TimeoutError' || /^(E[A-Z]{3,}|ERR_TLS\w*|CERT_\w+|\w*SELF_SIGNED\w*)$/.test(code)) {
    const why = name === 'TimeoutError' ? 'no answer in time' : code;
    return new YumOpsError('blob_unavailable', `${address} cannot be reached (${why}).`, {
      hint: 'Check the endpoint and the network, then run it again.',
      cause: error,
    });
  }
  return error;
}

/** The service's error is no cause: it carries the whole request and answer. */
function answered(path: string, address: string, error: S3Failure): unknown {
  const status = error.$metadata.httpStatusCode ?? 0;
  if (isMissing(error)) return blobMissing(path, address);
  if (error.name === 'NoSuchBucket') {
    return new YumOpsError('blob_unavailable', `There is no bucket ${address}.`, {
      hint: 'Make the bucket, or correct its name.',
    });
  }
  if (status === 412 || error.name === 'ConditionalRequestConflict') return blobExists(path, address);
  if (/lock|retention|retain/i.test(error.message) && (status === 403 || status === 400)) {
    return new YumOpsError('blob_locked', `${path} in ${address} is locked: ${error.message}`);
  }
  if (status === 401 || status === 403) {
    return new YumOpsError('blob_refused', `${address} refuses ${path || 'its bucket'} (${status} ${error.name}).`, {
      hint: 'Check the credentials and what their policy allows in this bucket.',
    });
  }
  if (status === 507 || /QuotaExceeded|StorageFull|EntityTooLarge/i.test(error.name)) {
    return new YumOpsError('blob_full', `${address} is full: ${path} was not stored (${error.name}).`, {
      hint: 'Make room there, or choose another store.',
    });
  }
  const detail = messageOf(error);
  return new YumOpsError('blob_unavailable', `${address} answered ${status} ${error.name} to ${path}: ${detail}`, {
    ...(status >= 500 || status === 429 ? { hint: 'The service has a fault; run it again later.' } : {}),
  });
}
