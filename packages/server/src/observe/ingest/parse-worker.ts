import { parentPort, workerData } from 'node:worker_threads';
import { BodyEncoder, type BodyFormat, type EncodedBody } from './record/body.ts';
import type { EncodeContext } from './record/encoder.ts';
import type { SentryContext } from './sentry/context.ts';
import { type SentryEncoded, type SentryFormat, SentryIntake } from './sentry/intake.ts';

/** What the parser thread is asked. */
export type ParseRequest = { id: number; body: Uint8Array } & ParseTask;

export type ParseTask =
  | { kind: 'records'; format: BodyFormat; context: EncodeContext }
  | { kind: 'sentry'; format: SentryFormat; context: SentryContext };

export type ParseResult = EncodedBody | SentryEncoded;

export type ParseReply = { id: number; result: ParseResult } | { id: number; error: string };

export interface ParserData {
  nonce: string;
  /** Folder of the uploaded source maps. */
  sourceMaps: string;
}

const { nonce, sourceMaps } = workerData as ParserData;
const encoder = new BodyEncoder(nonce);
const sentry = new SentryIntake(sourceMaps);

parentPort?.on('message', (request: ParseRequest) => {
  try {
    const result = encode(request);
    parentPort?.postMessage({ id: request.id, result } satisfies ParseReply, result.ok ? [result.payload.buffer] : []);
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort?.postMessage({ id: request.id, error: said });
  }
});

function encode(request: ParseRequest): ParseResult {
  return request.kind === 'records'
    ? encoder.encode(request.body, request.format, request.context)
    : sentry.encode(request.body, request.format, request.context);
}
