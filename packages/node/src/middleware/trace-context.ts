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
/** Written out at once, which costs little more than a single id. Ids are slices and keep all of it alive: it stays small. */
const POOL = Buffer.alloc(1024);
let digits = '';
let used = 0;

/** @returns `bytes` random bytes, at most 1,024, as hexadecimal text */
export function randomHex(bytes: number): string {
  if (used + bytes * 2 > digits.length) {
    digits = randomFillSync(POOL).toString('hex');
    used = 0;
  }
  used += bytes * 2;
  return digits.slice(used - bytes * 2, used);
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
