import type { GroupingRule } from '../../errors/index.ts';
import type { PartSet } from '../record/part-set.ts';
import type { Refused } from '../record/readers.ts';
import type { RequestLines } from '../request-lines.ts';

/** Categories by which SDKs are limited and losses are counted, as the protocol names them. */
export type Category =
  | 'error'
  | 'transaction'
  | 'span'
  | 'session'
  | 'monitor'
  | 'log_item'
  | 'trace_metric'
  | 'feedback'
  | 'attachment'
  | 'replay'
  | 'profile'
  | 'profile_chunk'
  | 'metric_bucket'
  | 'security'
  | 'internal'
  | 'default';

/** What is known of a Sentry request beside its body. */
export interface SentryContext {
  project: string;
  /** Arrival, milliseconds since the epoch. */
  now: number;
  /** Scope of the key that came with it. */
  scope: 'public' | 'server' | 'all';
  /** Address of the sender; null when it is not to be kept. */
  ip: string | null;
  userAgent: string | null;
  /** Categories of which this key may send no more at present. */
  limited: readonly Category[];
  rules: readonly GroupingRule[];
}

/** A check-in, for the monitor that it is about. */
export interface SentryCheckIn {
  id: string;
  slug: string;
  status: 'in_progress' | 'ok' | 'error';
  /** Milliseconds since the epoch. */
  at: number;
  durationMs: number | null;
  environment: string | null;
  /** How the monitor is to be made or changed, as it was sent. */
  monitor: Readonly<Record<string, unknown>> | null;
}

/** Bytes that are kept in a file. */
export interface AttachedFile {
  id: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What was not taken of a request, and why. */
export interface Loss {
  reason: string;
  category: Category;
  quantity: number;
}

/** Why an item was refused, or a part of it while the rest was taken: then of another category and number than the item. */
export interface PartlyRefused extends Refused {
  category?: Category;
  quantity?: number;
}

/** Gathers what one request adds. */
export interface Gathered {
  parts: PartSet;
  files: AttachedFile[];
  checkIns: SentryCheckIn[];
  /** Rows taken, by category. */
  taken: Map<Category, number>;
}

/** What the items of one envelope share. */
export interface ItemContext extends SentryContext {
  /** The event id of the envelope's header, 32 hex digits. */
  envelopeId: string | null;
  /** What must be added to the sender's times, milliseconds. */
  drift: number;
  /** The trace header: release, environment, transaction. */
  trace: Readonly<Record<string, unknown>>;
  sdk: Readonly<Record<string, unknown>>;
  /** Attributes that browsers leave to the platform: where a container came from. A member's own come first. */
  inferred?: Readonly<Record<string, string>>;
  /** Which services write lines of their requests; missing where nothing tells of requests. */
  requestLines?: RequestLines;
  out: Gathered;
}

export function addTaken(out: Gathered, category: Category, quantity = 1): void {
  out.taken.set(category, (out.taken.get(category) ?? 0) + quantity);
}
