import { createHash } from 'node:crypto';
import type { BodyEncoder, RefusedBody } from '../record/body.ts';
import type { EncodeContext } from '../record/encoder.ts';
import type { Json } from '../record/json-value.ts';
import { type EntryBody, PartSet } from '../record/part-set.ts';
import type { RequestLines } from '../request-lines.ts';
import { decodeRequest, type OtlpEncoding, type OtlpSignal } from './decode.ts';
import { translateLogs } from './logs.ts';
import { addMetrics } from './metrics.ts';
import { addSpans, type Tally } from './traces.ts';

/** What an export request became. */
export type OtlpEncoded = ({ ok: true } & Tally & EntryBody) | RefusedBody;

/** Turns OpenTelemetry export requests into rows. */
export function encodeOtlp(
  { encoder, requestLines }: { encoder: BodyEncoder; requestLines: RequestLines },
  body: Uint8Array,
  form: { signal: OtlpSignal; encoding: OtlpEncoding },
  context: EncodeContext,
): OtlpEncoded {
  const { signal, encoding } = form;
  const request = decodeRequest(body, signal, encoding);
  if ('code' in request && 'message' in request) {
    return { ok: false, status: 400, code: String(request['code']), message: String(request['message']) };
  }
  const json = request as Json;
  if (signal === 'logs') return encodeLogs(encoder, json, context);
  const parts = new PartSet();
  const seed = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const tally =
    signal === 'traces'
      ? addSpans(json, parts, { ...context, requestLines })
      : addMetrics(json, parts, { ...context, seed });
  return { ok: true, ...tally, ...parts.take() };
}

function encodeLogs(encoder: BodyEncoder, request: Json, context: EncodeContext): OtlpEncoded {
  const { lines, rejected, message } = translateLogs(request, context.now);
  const encoded = encoder.encode(Buffer.from(lines.join('\n')), 'ndjson', context);
  if (!encoded.ok) return encoded;
  const { answer, rejectedCount, parts, payload, payloadCrc } = encoded;
  return {
    ok: true,
    accepted: answer.accepted,
    rejected: rejected + rejectedCount,
    message: answer.rejected[0]?.message ?? message,
    ...{ parts, payload, payloadCrc },
  };
}
