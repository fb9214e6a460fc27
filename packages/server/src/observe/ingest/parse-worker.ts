import { parentPort, workerData } from 'node:worker_threads';
import { SourceMaps } from '../errors/index.ts';
import { type ForeignFormat, translate } from './foreign/translate.ts';
import type { OtlpEncoding, OtlpSignal } from './otlp/decode.ts';
import { encodeOtlp, type OtlpEncoded } from './otlp/intake.ts';
import { BodyEncoder, type BodyFormat, type EncodedBody, type RefusedBody } from './record/body.ts';
import type { EncodeContext } from './record/encoder.ts';
import { RequestLines } from './request-lines.ts';
import { encodeRum, type RumContext, type RumEncoded } from './rum/intake.ts';
import type { SentryContext } from './sentry/context.ts';
import { type SentryEncoded, type SentryFormat, SentryIntake } from './sentry/intake.ts';

/** What the parser thread is asked. */
export type ParseRequest = { id: number; body: Uint8Array } & ParseTask;

export type ParseTask =
  | { kind: 'records'; format: BodyFormat; context: EncodeContext }
  /** `without`: keys of records that are left out. */
  | { kind: 'foreign'; format: ForeignFormat; context: EncodeContext; without: ReadonlySet<string> }
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

/** A body of another service's client that became rows. `keys`: of the records that their sender gave an id. */
export type ForeignEncoded = (Extract<EncodedBody, { ok: true }> & { keys: readonly string[] }) | RefusedBody;

export type ParseResult = EncodedBody | ForeignEncoded | SentryEncoded | OtlpEncoded | RumEncoded;

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
      return encoder.encode(request.body, request.format, request.context);
    case 'foreign':
      return encodeForeign(request);
    case 'otlp':
      return encodeOtlp({ encoder, requestLines }, request.body, request.form, request.context);
    case 'rum':
      return encodeRum(request.body, request.context, maps);
    case 'sentry':
      return sentry.encode(request.body, request.format, request.context);
  }
}

function encodeForeign({ body, format, context, without }: Extract<ParseRequest, { kind: 'foreign' }>): ForeignEncoded {
  const translated = translate(body, format, context.project, without);
  if (!('lines' in translated)) return { ok: false, status: 400, ...translated };
  const { lines, keys } = translated;
  const encoded = encoder.encode(Buffer.from(lines.join('\n')), 'ndjson', { ...context, foreign: true });
  return encoded.ok ? { ...encoded, keys } : encoded;
}
