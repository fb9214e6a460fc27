import type { MessageBody } from './body.ts';

/** A message on its way to one target. */
export interface Outgoing {
  id: string;
  /** The same for every attempt; a receiver can use it to drop a duplicate. */
  key: string;
  target: string;
  body: MessageBody;
  /** Base of links, without a slash at the end. */
  publicUrl: string;
  /** 1 for the first. */
  attempt: number;
  /** When the message was written, ms since the epoch. */
  createdAt: number;
  /**
   * When an earlier attempt began whose end nobody knows, ms since the epoch; null when every earlier attempt ended
   * with an answer. Left out = not known: then any earlier attempt may have arrived.
   */
  uncertainSince?: number | null;
  /** The receipt of the first message about these alerts that this target took, to answer to; null when there is none. */
  thread?: string | null;
  /** Where the receiver can act on the alerts without signing in; null = nowhere. */
  replyUrl?: string | null;
  /** Slack ids of the people whose turn it is. */
  mentions?: readonly string[];
}

/** How one attempt ended. */
export type DeliveryResult =
  /**
   * `detail` is the receiver's answer in a few words. `receipt` is the vendor's own name of the message, which a later
   * message can pass as `thread`.
   */
  | { outcome: 'sent'; detail: string; receipt?: string }
  /** Worth another attempt. `maybeDelivered`: no answer came, so the receiver may have it. */
  | { outcome: 'retry'; reason: string; maybeDelivered: boolean; retryAfterMs?: number }
  /** No attempt will help. */
  | { outcome: 'refused'; reason: string };

/** A way to reach people. One folder a vendor. */
export interface Notifier {
  /** Never throws for what the receiver or the network does; `signal` ends the attempt. */
  send(message: Outgoing, signal: AbortSignal): Promise<DeliveryResult>;
}

/**
 * When the first attempt may have begun that perhaps arrived, ms since the epoch; null when no earlier attempt can
 * have. A vendor that does not drop duplicates by key is asked for the message before it is sent again.
 */
export function mayHaveArrivedSince(message: Outgoing): number | null {
  if (message.uncertainSince !== undefined) return message.uncertainSince;
  return message.attempt > 1 ? message.createdAt : null;
}
