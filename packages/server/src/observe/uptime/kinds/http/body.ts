import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { codeOf, messageOf, YumOpsError } from '../../../../lib/errors.ts';

/** Most bytes of a decoded body that a check reads. */
export const BODY_LIMIT = 1024 * 1024;

export interface Body {
  /** Decoded by content encoding and character set. */
  text: string;
  /** Decoded bytes read. */
  bytes: number;
  /** True when the body went on beyond `BODY_LIMIT`. */
  truncated: boolean;
}

const DECODERS: Record<string, () => Readable & NodeJS.WritableStream> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * Reads the body, decoded, up to `BODY_LIMIT` bytes.
 * @param method of the request
 * @throws {YumOpsError} `body_incomplete`, `body_undecodable`, or the signal's reason
 */
export async function readBody(response: IncomingMessage, method: string, signal: AbortSignal): Promise<Body> {
  const encoding = encodingOf(response, method);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of decoded(response, encoding)) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > BODY_LIMIT) break;
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : bodyFailure(error, encoding, bytes);
  }
  const content = Buffer.concat(chunks).subarray(0, BODY_LIMIT);
  return {
    text: decodeText(content, response.headers['content-type']),
    bytes: content.length,
    truncated: bytes > BODY_LIMIT,
  };
}

function decoded(response: IncomingMessage, encoding: string): AsyncIterable<unknown> {
  const decoder = DECODERS[encoding]?.();
  if (!decoder) return response;
  response.once('error', (error) => decoder.destroy(error));
  return response.pipe(decoder);
}

/** The headers of an answer without a body still name the encoding that a body would have had. */
function encodingOf({ statusCode, headers }: IncomingMessage, method: string): string {
  const hasBody = method !== 'HEAD' && statusCode !== 204 && statusCode !== 304 && headers['content-length'] !== '0';
  return hasBody ? (headers['content-encoding'] ?? 'identity').trim().toLowerCase() : 'identity';
}

function bodyFailure(error: unknown, encoding: string, bytes: number): YumOpsError {
  const code = codeOf(error) ?? '';
  if (code.startsWith('Z_') || code.startsWith('ERR_') || code.startsWith('BR_')) {
    return new YumOpsError('body_undecodable', `The body could not be decoded as ${encoding}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  return new YumOpsError(
    'body_incomplete',
    `The connection closed after ${bytes} bytes, before the whole body had come.`,
    {
      cause: error,
    },
  );
}

function decodeText(content: Buffer, contentType: string | undefined): string {
  const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(content);
  } catch {
    return content.toString('utf8');
  }
}
