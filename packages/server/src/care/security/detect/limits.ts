const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where each detector begins. Spans in milliseconds. The first is the operations guide's, the rest are ours. */
export const LIMITS = {
  /** Failures of one address on one account. */
  pair: { failures: 5, span: HOUR },
  /** Failures of one address on accounts that it never entered. */
  address: { failures: 30, span: HOUR },
  /** Addresses that fail on one account. */
  account: { addresses: 10, span: HOUR },
  /** Accounts that failed and were never entered from the address; the more people sign in there, the more it takes. */
  spraying: { accounts: 10, span: HOUR, ofEntered: 0.5 },
  sprayingNetwork: { accounts: 20, addresses: 3, ofEntered: 1 },
  enumeration: { accounts: 10, ofEntered: 1 },
  /** Addresses that fail and never enter, on many accounts. */
  stuffing: { addresses: 50, accounts: 25, span: 30 * MINUTE, ofEntered: 0.5 },
  /** Failures on an account from elsewhere that make a success from a new address suspicious. */
  takeover: { failures: 10, addresses: 5, span: DAY },
  scanning: { paths: 15, span: 2 * MINUTE },
  /** Faster than an airliner over a distance that no location database gets wrong. */
  travel: { kilometres: 500, kilometresPerHour: 1_000, span: DAY },
  ratio: { bucket: 5 * MINUTE, attempts: 20, usualAttempts: 60, buckets: 3, deviations: 6, above: 0.2, span: DAY },
  /** People who sign in at an address from which it is taken to be shared, and is not shut out as a whole. */
  shared: 3,
} as const;

/** Slow guessing, as the configuration says. */
export interface SlowGuessing {
  failures: number;
  /** Milliseconds. */
  within: number;
}

/** Entries that one generation of each table holds. */
export const CAPACITY = { pairs: 40_000, accounts: 15_000, sources: 15_000, scanners: 5_000, projects: 100 } as const;

/**
 * Accounts and addresses that the entries of one generation of a table remember together. With it the memory stays below 200 MB
 * however many addresses fail on however many accounts.
 */
export const MOST_REMEMBERED = 100_000;
