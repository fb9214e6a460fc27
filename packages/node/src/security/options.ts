import type { Logger } from '../logging/logger.ts';
import type { Restriction } from './restriction.ts';

/** What is used of an ioredis client. */
export interface RedisTransactions {
  multi(commands: (string | number)[][]): { exec(): Promise<[error: Error | null, result: unknown][] | null> };
}

/** Settings of a {@link SecurityMonitor}. Nothing has to be set. */
export interface SecurityOptions {
  logger?: Logger;
  /** An ioredis client of the application, or an address (needs `ioredis`); default `YUMOPS_REDIS_URL`, then none. */
  redis?: RedisTransactions | string;
  /** Failures of one address on one account within an hour that shut the pair out; default 5. */
  failures?: number;
  /** How long a block lasts, milliseconds; default an hour. */
  blockFor?: number;
  /** Addresses and networks that are never shut out. */
  allow?: readonly string[];
  /** Whether the block list of YumOps is followed; default true where YUMOPS_URL is set. */
  follow?: boolean;
  /** How long Redis may take to answer, and is left alone after a failure, milliseconds; default 250 and 1,000. */
  redisTimeout?: number;
  redisRetryAfter?: number;
  /** Wall clock in milliseconds, for tests. */
  now?: () => number;
}

/** What somebody tried. */
export interface LoginAttempt {
  ok: boolean;
  /** What was signed in with: e-mail, name. Only its hash leaves the process. */
  account: string;
  /** Default: that of the running request, under the application's proxy trust. */
  ip?: string | undefined;
  /** `User-Agent` of whoever tried. */
  ua?: string | undefined;
  /** What tells a person's devices apart, for example a cookie of its own. Only its hash leaves the process. */
  device?: string | undefined;
  reason?: 'bad_password' | 'unknown_user' | (string & {}) | undefined;
  userId?: string | undefined;
  /** Where the attempt came from, where a proxy that is trusted says so. */
  geo?: { country?: string; lat?: number; lon?: number } | undefined;
}

/** Who wants to sign in. */
export interface LoginRequest {
  account?: string | undefined;
  ip?: string | undefined;
  /** The device is known to be the account's own: a challenge of the account does not concern it. */
  trustedDevice?: boolean | undefined;
}

/** What to do with somebody who wants to sign in. */
export interface LoginVerdict {
  allow: boolean;
  /** How long to wait before the password is looked at, milliseconds. */
  delayMs: number;
  /** Ask for more: a second factor, a captcha. */
  challenge: boolean;
  reason: string | undefined;
  /** Until when it is not allowed, milliseconds from now. */
  retryAfterMs: number;
}

/** An attack that this process, or YumOps, found. */
export interface Detection {
  code: 'brute_force' | 'password_spraying' | 'reported';
  source: 'app' | 'yumops';
  ip: string | undefined;
  /** Hashed. */
  account: string | undefined;
  count: number;
  restriction: Restriction;
}

/** How the counters that instances share do. */
export interface StoreHealth {
  /** `none`: this process counts alone, as it should. */
  shared: 'none' | 'up' | 'down';
  /** Why it is down. */
  reason: string | undefined;
  /** Counts that have not reached the shared store. */
  waiting: number;
  /** Counts that it will never learn of. */
  lost: number;
}
