import type { Readable } from 'node:stream';
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import { YumOpsError } from '../lib/errors.ts';

/** Memory that bodies may hold at one time, bytes. */
const BUDGET = 192 * 1024 * 1024;

let inUse = 0;

/**
 * Reads a request's body, decompressed, into memory of its own, and hands it on. The limit counts bytes after
 * decompression, as they come, so that a small body which unfolds into a huge one is stopped on the way. The memory of
 * all bodies together is bounded until `use` is done with them.
 * @throws YumOpsError unsupported_encoding (415), body_too_large (413), bad_compression (400), too_busy (429)
 */
export async function withBody<T>(
  source: Readable,
  encoding: string | undefined,
  limit: number,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const held = { bytes: 0 };
  try {
    return await use(await readBody(source, encoding, limit, held));
  } finally {
    inUse -= held.bytes;
  }
}

async function readBody(
  source: Readable,
  encoding: string | undefined,
  limit: number,
  held: { bytes: number },
): Promise<Uint8Array> {
  const decoder = decoderFor(encoding);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of decoder ? source.pipe(forwardErrors(source, decoder)) : source) {
      held.bytes += (chunk as Buffer).length;
      inUse += (chunk as Buffer).length;
      if (held.bytes > limit) throw tooLarge(limit);
      if (inUse > BUDGET) throw tooBusy();
      chunks.push(chunk as Buffer);
    }
    return joined(chunks, held.bytes);
  } catch (error) {
    if (error instanceof YumOpsError || !decoder) throw error;
    throw new YumOpsError('bad_compression', 'The body could not be decompressed; it may be cut off.', {
      status: 400,
      cause: error,
    });
  } finally {
    decoder?.destroy();
  }
}

function decoderFor(encoding: string | undefined): Gunzip | Inflate | undefined {
  switch ((encoding ?? 'identity').trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    default:
      throw new YumOpsError('unsupported_encoding', `Content-Encoding "${encoding}" is not supported.`, {
        status: 415,
        hint: 'Send the body as it is, or with gzip or deflate.',
      });
  }
}

function forwardErrors<D extends Gunzip | Inflate>(source: Readable, decoder: D): D {
  source.once('error', (error) => decoder.destroy(error));
  source.once('aborted', () => decoder.destroy(new Error('The connection was closed.')));
  return decoder;
}

/** One buffer that owns its memory, so that it can move to another thread. */
function joined(chunks: readonly Buffer[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function tooLarge(limit: number): YumOpsError {
  return new YumOpsError('body_too_large', `The body is larger than ${Math.round(limit / 1_048_576)} MiB.`, {
    status: 413,
    hint: 'Send it in several requests. The limit counts bytes after decompression.',
  });
}

function tooBusy(): YumOpsError {
  return new YumOpsError('too_busy', 'Too many bodies are being read at this moment.', { status: 429, retryAfter: 1 });
}
