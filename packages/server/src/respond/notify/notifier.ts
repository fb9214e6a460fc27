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
}

/** How one attempt ended. */
export type DeliveryResult =
  /** `detail` is the receiver's answer in a few words. */
  | { outcome: 'sent'; detail: string }
  /** Worth another attempt. `maybeDelivered`: no answer came, so the receiver may have it. */
  | { outcome: 'retry'; reason: string; maybeDelivered: boolean; retryAfterMs?: number }
  /** No attempt will help. */
  | { outcome: 'refused'; reason: string };

/** A way to reach people. One folder a vendor. */
export interface Notifier {
  /** Never throws for what the receiver or the network does; `signal` ends the attempt. */
  send(message: Outgoing, signal: AbortSignal): Promise<DeliveryResult>;
}
