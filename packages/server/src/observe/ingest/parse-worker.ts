import { parentPort, workerData } from 'node:worker_threads';
import { BodyEncoder, type BodyFormat, type EncodedBody } from './record/body.ts';
import type { EncodeContext } from './record/encoder.ts';

/** What the parser thread is asked. */
export interface ParseRequest {
  id: number;
  body: Uint8Array;
  format: BodyFormat;
  context: EncodeContext;
}

export type ParseReply = { id: number; result: EncodedBody } | { id: number; error: string };

const encoder = new BodyEncoder((workerData as { nonce: string }).nonce);

parentPort?.on('message', ({ id, body, format, context }: ParseRequest) => {
  try {
    const result = encoder.encode(body, format, context);
    parentPort?.postMessage({ id, result } satisfies ParseReply, result.ok ? [result.payload.buffer] : []);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
