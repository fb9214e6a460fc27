import { randomFillSync } from 'node:crypto';

export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits, of this server's part of the trace. */
  spanId: string;
  parentSpanId?: string;
  sampled: boolean;
}

const PATTERN = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const POOL = Buffer.alloc(16 * 256);
let used = POOL.length;

/** @returns `bytes` random bytes as hexadecimal text */
export function randomHex(bytes: number): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const text = POOL.toString('hex', used, used + bytes);
  used += bytes;
  return text;
}

/** Continues the trace of a W3C `traceparent` header, or begins one. */
export function traceOf(traceparent: string | undefined): TraceContext {
  const match = traceparent === undefined ? null : PATTERN.exec(traceparent);
  const [, traceId, parentSpanId, flags] = match ?? [];
  if (traceId === undefined || parentSpanId === undefined) {
    return { traceId: randomHex(16), spanId: randomHex(8), sampled: true };
  }
  return { traceId, spanId: randomHex(8), parentSpanId, sampled: (Number.parseInt(flags ?? '0', 16) & 1) === 1 };
}
