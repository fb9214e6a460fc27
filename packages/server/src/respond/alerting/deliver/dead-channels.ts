import { channelName } from '../group/fallback.ts';
import type { WatchedCondition } from '../ports.ts';

/** A channel by which nothing has arrived since its oldest message that failed or still tries. */
export interface DeadChannel {
  channel: string;
  /** When that message was written, ms since the epoch. */
  since: number;
  /** What the vendor said last. */
  lastError: string | null;
}

/** A channel that delivers nothing for so long is dead: longer than the retries and the fallback of single messages. */
export const DEAD_AFTER_MS = 900_000;
/** Older failures say nothing of now. */
export const DEAD_WITHIN_MS = 86_400_000;

/** The conditions "channel is dead", one for each channel that can send. */
export function deadChannelConditions(channels: Iterable<string>, dead: readonly DeadChannel[]): WatchedCondition[] {
  return [...channels].map((channel) => {
    const found = dead.find((one) => one.channel === channel);
    const why = found?.lastError ? `: ${found.lastError}` : '';
    return {
      id: `dead-channel:${channel}`,
      name: `Channel is dead: ${channelName(channel)}`,
      labels: { channel },
      holds: found !== undefined,
      forMs: 0,
      reason: found
        ? `nothing has been delivered by ${channelName(channel)} since ${new Date(found.since).toISOString().slice(0, 16).replace('T', ' ')} UTC${why}`
        : 'messages are delivered',
    };
  });
}
