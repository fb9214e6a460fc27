import { once } from 'node:events';
import { type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { Decompress } from 'fzstd';
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

/** The body's stream; without a content type Fastify does not parse, and the request itself is the stream. */
export function bodyOf(request: FastifyRequest): Readable {
  return (request.body as Readable | undefined) ?? request.raw;
}

async function readBody(
  source: Readable,
  encoding: string | undefined,
  limit: number,
  held: { bytes: number },
): Promise<Uint8Array> {
  const decoder = await decoderFor(encoding, source);
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
    throw cutOff(error);
  } finally {
    decoder?.destroy();
  }
}

async function decoderFor(encoding: string | undefined, source: Readable): Promise<Transform | undefined> {
  switch ((encoding ?? 'identity').trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return (await hasZlibHeader(source)) ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createUnzstd();
    default:
      throw new YumOpsError('unsupported_encoding', `Content-Encoding "${encoding}" is not supported.`, {
        status: 415,
        hint: 'Send the body as it is, or with gzip, deflate, br or zstd.',
      });
  }
}

/**
 * `deflate` means data with a header (RFC 9110, 8.4.1.2), but some clients leave it out. The first byte tells: its lower
 * half is 8 in every header (RFC 1950), and in data without one only where bits that are padding were set.
 */
async function hasZlibHeader(source: Readable): Promise<boolean> {
  let first = source.read(1) as Buffer | null;
  if (first === null) {
    await somethingOf(source);
    first = source.read(1) as Buffer | null;
  }
  if (first !== null) source.unshift(first);
  return first === null || ((first[0] as number) & 15) === 8;
}

/** Waits until a stream has something to read or has ended. */
async function somethingOf(source: Readable): Promise<void> {
  const over = new AbortController();
  try {
    const events = ['readable', 'end', 'close'];
    if (!source.readableEnded && !source.destroyed) {
      await Promise.race(events.map((event) => once(source, event, { signal: over.signal })));
    }
  } finally {
    over.abort();
  }
  if (source.destroyed && !source.readableEnded) throw cutOff();
}

/** Node 20 has no zstd of its own. Blocks leave as they are decoded, so that the limit holds on the way. */
function createUnzstd(): Transform {
  let ended = false;
  let empty = true;
  const decoder = new Decompress((chunk, isLast) => {
    ended ||= isLast === true;
    if (chunk.length > 0) stream.push(chunk);
  });
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      empty = false;
      attempt(() => decoder.push(chunk), done);
    },
    flush(done) {
      attempt(() => {
        if (empty) throw new Error('There is no zstd frame.');
        decoder.push(new Uint8Array(0), true);
        if (!ended) throw new Error('The zstd frame is cut off.');
      }, done);
    },
  });
  return stream;
}

function attempt(work: () => void, done: (error?: Error | null) => void): void {
  try {
    work();
    done();
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
  }
}

function forwardErrors(source: Readable, decoder: Transform): Transform {
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

function cutOff(cause?: unknown): YumOpsError {
  const message = 'The body could not be decompressed; it may be cut off.';
  return new YumOpsError('bad_compression', message, { status: 400, cause });
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
