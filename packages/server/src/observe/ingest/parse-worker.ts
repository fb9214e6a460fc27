import { parentPort, workerData } from 'node:worker_threads';
import { SourceMaps } from '../errors/index.ts';
import { type ForeignFormat, translate } from './foreign/translate.ts';
import type { OtlpEncoding, OtlpSignal } from './otlp/decode.ts';
import { encodeOtlp, type OtlpEncoded } from './otlp/intake.ts';
import { BodyEncoder, type BodyFormat, type EncodedBody } from './record/body.ts';
import type { EncodeContext } from './record/encoder.ts';
import { RequestLines } from './request-lines.ts';
import { encodeRum, type RumContext, type RumEncoded } from './rum/intake.ts';
import type { SentryContext } from './sentry/context.ts';
import { type SentryEncoded, type SentryFormat, SentryIntake } from './sentry/intake.ts';

/** What the parser thread is asked. */
export type ParseRequest = { id: number; body: Uint8Array } & ParseTask;

export type ParseTask =
  | { kind: 'records'; format: BodyFormat | ForeignFormat; context: EncodeContext }
  | { kind: 'otlp'; form: OtlpForm; context: EncodeContext }
  | { kind: 'rum'; context: RumContext }
  | { kind: 'sentry'; format: SentryFormat; context: SentryContext };

/** Services that are known to write lines of their requests, as keys. */
export interface RequestLinesNote {
  noted: readonly string[];
  /** Milliseconds since the epoch. */
  now: number;
}

/** What an OpenTelemetry request is about and how it is written. */
export interface OtlpForm {
  signal: OtlpSignal;
  encoding: OtlpEncoding;
}

export type ParseResult = EncodedBody | SentryEncoded | OtlpEncoded | RumEncoded;

export type ParseReply = { id: number; result: ParseResult } | { id: number; error: string };

export interface ParserData {
  nonce: string;
  /** Key of the hash that stands for an account. */
  accountKey: string;
  /** Folder of the uploaded source maps. */
  sourceMaps: string;
}

const requestLines = new RequestLines();
const { nonce, accountKey, sourceMaps } = workerData as ParserData;
const encoder = new BodyEncoder(nonce, accountKey, requestLines);
const maps = new SourceMaps(sourceMaps);
const sentry = new SentryIntake(maps, requestLines);

parentPort?.on('message', (request: ParseRequest | RequestLinesNote) => {
  if ('noted' in request) {
    for (const key of request.noted) requestLines.note(key, request.now);
    return;
  }
  try {
    const result = encode(request);
    parentPort?.postMessage({ id: request.id, result } satisfies ParseReply, result.ok ? [result.payload.buffer] : []);
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort?.postMessage({ id: request.id, error: said });
  }
});

function encode(request: ParseRequest): ParseResult {
  switch (request.kind) {
    case 'records':
      return encodeRecords(request.body, request.format, request.context);
    case 'otlp':
      return encodeOtlp({ encoder, requestLines }, request.body, request.form, request.context);
    case 'rum':
      return encodeRum(request.body, request.context, maps);
    case 'sentry':
      return sentry.encode(request.body, request.format, request.context);
  }
}

function encodeRecords(body: Uint8Array, format: BodyFormat | ForeignFormat, context: EncodeContext): EncodedBody {
  if (format === 'ndjson' || format === 'json') return encoder.encode(body, format, context);
  const lines = translate(body, format);
  if (!Array.isArray(lines)) return { ok: false, status: 400, ...lines };
  return encoder.encode(Buffer.from(lines.join('\n')), 'ndjson', { ...context, foreign: true });
}
