/** The right to evaluate and to move timers. */
export interface Lease {
  /** Grows with every new holder; writes under an older token are refused. */
  token: number;
}

/** Who wants the lease. Times in ms since the epoch. */
export interface LeaseWish {
  holder: string;
  /** How long it lasts without renewal, ms. */
  ttlMs: number;
  /** What the holder has; null = nothing. */
  renew: Lease | null;
  /** The time by which the holder works; null = it knows none yet. */
  now: number | null;
}

/** The answer to a wish for the lease. */
export interface LeaseAnswer {
  /** Null while another holder has it. */
  lease: Lease | null;
  /** The time that all instances agree on, with the lease or without, ms since the epoch. */
  now: number;
}

/** A jump of the database's clock that is longer is not followed: timers keep their distance. */
export const BIG_JUMP_MS = 30_000;
/** After so long without a holder nobody is left who knew the time before a jump. */
const FORGOTTEN_MS = 60_000;

/** What is stored of a lease. Times in ms since the epoch, by the database's clock. */
export interface StoredLease {
  holder: string;
  token: number;
  expiresAt: number;
  /** The agreed time minus the database's clock, ms: not 0 after a jump of that clock. */
  shiftMs: number;
}

/** The next state of the lease. @param databaseNow the database's clock */
export function grant(
  held: StoredLease | undefined,
  { holder, ttlMs, renew, now }: LeaseWish,
  databaseNow: number,
): { stored: StoredLease; answer: LeaseAnswer } | { stored: null; answer: LeaseAnswer } {
  const isFree = !held || held.holder === holder || held.expiresAt <= databaseNow;
  if (!isFree) return { stored: null, answer: { lease: null, now: databaseNow + held.shiftMs } };
  const isRenewal = held?.holder === holder && renew?.token === held.token;
  const token = isRenewal ? held.token : (held?.token ?? 0) + 1;
  const shiftMs = isRenewal && now !== null ? shiftOf(now - databaseNow) : inheritedShift(held, databaseNow);
  return {
    stored: { holder, token, expiresAt: databaseNow + ttlMs, shiftMs },
    answer: { lease: { token }, now: databaseNow + shiftMs },
  };
}

/** Small differences follow the database's clock. */
function shiftOf(difference: number): number {
  return Math.abs(difference) < BIG_JUMP_MS ? 0 : Math.round(difference);
}

function inheritedShift(held: StoredLease | undefined, databaseNow: number): number {
  return held && databaseNow - held.expiresAt < FORGOTTEN_MS ? held.shiftMs : 0;
}
