import type { OtlpEncoding, OtlpSignal } from './decode.ts';
import { messageType } from './schema.ts';

const REJECTED = { logs: 'rejectedLogRecords', traces: 'rejectedSpans', metrics: 'rejectedDataPoints' } as const;

/** The body of a good answer, in the encoding of the request; `partialSuccess` where something was refused or is to be known. */
export function exportAnswer(
  signal: OtlpSignal,
  encoding: OtlpEncoding,
  outcome: { rejected: number; message: string },
): Uint8Array {
  const { rejected, message } = outcome;
  const noteworthy = rejected > 0 || message !== '';
  if (encoding === 'protobuf') {
    const partialSuccess = { rejected, errorMessage: message };
    return encode('ExportResponse', noteworthy ? { partialSuccess } : {});
  }
  const partialSuccess = { ...(rejected > 0 && { [REJECTED[signal]]: String(rejected) }), errorMessage: message };
  return Buffer.from(JSON.stringify(noteworthy ? { partialSuccess } : {}));
}

/** Codes of `google.rpc.Code` by HTTP status. */
const CODES: Record<number, number> = { 400: 3, 401: 16, 403: 7, 413: 3, 415: 3, 429: 8, 503: 14 };

/** The body of a refusal, a `google.rpc.Status`. */
export function statusAnswer(encoding: OtlpEncoding, status: number, message: string): Uint8Array {
  const body = { code: CODES[status] ?? 13, message };
  return encoding === 'protobuf' ? encode('Status', body) : Buffer.from(JSON.stringify(body));
}

function encode(name: string, value: Record<string, unknown>): Uint8Array {
  const type = messageType(name);
  return type.encode(type.fromObject(value)).finish();
}
