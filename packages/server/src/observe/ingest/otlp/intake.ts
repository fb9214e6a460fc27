import { createHash } from 'node:crypto';
import { addRow } from '../record/add-row.ts';
import type { BodyEncoder, RefusedBody } from '../record/body.ts';
import type { EncodeContext } from '../record/encoder.ts';
import type { Json } from '../record/json-value.ts';
import { type EntryBody, PartSet } from '../record/part-set.ts';
import type { RequestLines } from '../request-lines.ts';
import type { Category } from '../sentry/context.ts';
import { decodeRequest, type OtlpEncoding, type OtlpSignal } from './decode.ts';
import { translateLogs } from './logs.ts';
import { addMetrics } from './metrics.ts';
import { checkShape, NO_NOTES, type ShapeNotes } from './shape.ts';
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
  const shape = encoding === 'json' ? checkShape(json, signal) : NO_NOTES;
  if ('code' in shape) return { ok: false, status: 400, ...shape };
  const seed = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const about = { signal, seed, shape, context };
  if (signal === 'logs') return encodeLogs(encoder, json, about);
  const parts = new PartSet();
  const tally =
    signal === 'traces'
      ? addSpans(json, parts, { ...context, requestLines })
      : addMetrics(json, parts, { ...context, seed });
  const all = withStrays(tally, shape);
  noteLoss(parts, all.rejected, about);
  return { ok: true, ...all, ...parts.take() };
}

interface About {
  signal: OtlpSignal;
  /** The same for the same bytes. */
  seed: string;
  shape: ShapeNotes;
  context: EncodeContext;
}

function encodeLogs(encoder: BodyEncoder, request: Json, about: About): OtlpEncoded {
  const { shape, context } = about;
  const { lines, rejected, message } = translateLogs(request, context.now);
  const known = rejected + shape.strays;
  const encoded = encoder.encode(Buffer.from(lines.join('\n')), 'ndjson', { ...context, foreign: true }, (parts) =>
    noteLoss(parts, known, about),
  );
  if (!encoded.ok) return encoded;
  const { answer, rejectedCount, parts, payload, payloadCrc } = encoded;
  const tally = {
    accepted: answer.accepted,
    rejected: rejected + rejectedCount,
    message: answer.rejected[0]?.message ?? message,
  };
  return { ok: true, ...withStrays(tally, shape), parts, payload, payloadCrc };
}

function withStrays({ accepted, rejected, message }: Tally, { strays, note }: ShapeNotes): Tally {
  const why = strays > 0 && message === '' ? 'a member of a list is no object' : message;
  return { accepted, rejected: rejected + strays, message: [why, note].filter((text) => text !== '').join('. ') };
}

const CATEGORIES: Readonly<Record<OtlpSignal, Category>> = {
  logs: 'log_item',
  traces: 'span',
  metrics: 'trace_metric',
};

/** Counts what was refused where losses are shown. */
function noteLoss(parts: PartSet, quantity: number, { signal, seed, context }: About): void {
  if (quantity === 0) return;
  addRow(parts, 'client_report_rows', 'errors', context.now, {
    timestamp: context.now,
    id: `${context.now.toString(36)}-${seed}-lost`,
    project: context.project,
    source: 'server',
    reason: 'invalid_record',
    category: CATEGORIES[signal],
    quantity,
  });
}
