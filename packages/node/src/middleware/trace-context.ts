import { randomFillSync } from 'node:crypto';

export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits, of this server's part of the trace. */
  spanId: string;
  parentSpanId?: string;
  sampled: boolean;
  /** What the tracing systems before this server say of the trace, as `tracestate` has it. */
  state?: string;
}

const PATTERN = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const KEY = /^(?:[a-z][a-z\d_*/-]{0,255}|[a-z\d][a-z\d_*/-]{0,240}@[a-z][a-z\d_*/-]{0,13})$/;
/** Printable ASCII without comma and equals sign, of at most 256 characters, not ending in a space. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const MOST_MEMBERS = 32;
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

/**
 * The members of a W3C `tracestate` header as they came, those of several headers joined; undefined where there are none, or where it is
 * none: then it is better left out than passed on.
 */
export function traceStateOf(header: string | undefined): string | undefined {
  const members = (header ?? '').split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const given = members.filter((member) => member !== '');
  const isMember = (member: string) => {
    const at = member.indexOf('=');
    return at > 0 && KEY.test(member.slice(0, at)) && VALUE.test(member.slice(at + 1));
  };
  return given.length > 0 && given.length <= MOST_MEMBERS && given.every(isMember) ? given.join(',') : undefined;
}

/** Continues the trace of the W3C headers `traceparent` and `tracestate`, or begins one. */
export function traceOf(traceparent: string | undefined, tracestate?: string): TraceContext {
  const match = traceparent === undefined ? null : PATTERN.exec(traceparent);
  const [, traceId, parentSpanId, flags] = match ?? [];
  if (traceId === undefined || parentSpanId === undefined) {
    return { traceId: randomHex(16), spanId: randomHex(8), sampled: true };
  }
  const state = traceStateOf(tracestate);
  const sampled = (Number.parseInt(flags ?? '0', 16) & 1) === 1;
  return { traceId, spanId: randomHex(8), parentSpanId, sampled, ...(state === undefined ? {} : { state }) };
}
