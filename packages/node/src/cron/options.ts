import type { RedisTransactions } from '../security/options.ts';

/** Keeps a run from happening twice at once, or twice for one minute. */
export interface CronLock {
  /** @param ttl milliseconds after which the lock is free again by itself. @returns false when somebody else has it */
  acquire(key: string, ttl: number): Promise<boolean>;
  release(key: string): Promise<void>;
  /** Lets a lock that is held last longer. Without it a run that was killed counts as done, and a further call for it is skipped. */
  extend?(key: string, ttl: number): Promise<unknown>;
}

/** What an application gives as its lock: one of its own, an ioredis client, the address of a Redis. */
export type GivenLock = CronLock | RedisTransactions | string;

/** How a job is watched and kept from running twice. */
export interface CronOptions {
  /** A cron expression of five fields. With it a run that the platform calls for twice happens once. */
  schedule?: string;
  /** Time zone of the schedule, default UTC. */
  tz?: string;
  /** How late a run may begin, minutes; default 15. */
  margin?: number;
  /** How long a run may take, minutes; default 10. Its `signal` is aborted then, and the run has failed. */
  maxRuntime?: number;
  /** What a run does that begins while another is at work: nothing (default), wait for its end, or run beside it. */
  overlap?: 'skip' | 'queue' | 'allow';
  /** Where instances agree: an ioredis client, an address, a lock of your own; default `YUMOPS_REDIS_URL`, else this process. */
  lock?: GivenLock;
  /** Least pause between two looks at a lock that another process holds, milliseconds; default 1,000. */
  pollEvery?: number;
  /** Secret of the scheduler's calls; default the environment's `CRON_SECRET`. */
  secret?: string;
  /** Wall clock in milliseconds, for tests. */
  now?: () => number;
}

/** What a run knows of itself. */
export interface CronRun {
  slug: string;
  /** The minute that it was scheduled for, milliseconds since the epoch. */
  scheduledAt: number;
  /** The same for each call that the platform makes for this minute: for whatever must not be done twice elsewhere. */
  idempotencyKey: string;
  /** Aborted when the run takes longer than it may. */
  signal: AbortSignal;
}

/** Why a run did not happen. */
export interface Skipped {
  skipped: 'running' | 'already_ran';
}
