import { AttackSpan } from './attack-span.ts';
import { Held } from './held.ts';
import { LIMITS } from './limits.ts';
import { RecentMembers } from './recent.ts';

const MOST_ADDRESSES = 20_000;

interface Seen {
  at: number;
  failed: boolean;
  entered: boolean;
}

/** What happens in one project as a whole: addresses that fail and never enter, and the share of attempts that fail. */
export class ProjectTraffic {
  readonly #addresses = new RecentMembers<Seen>(LIMITS.stuffing.span, MOST_ADDRESSES, (seen) => this.#count(seen, -1));
  readonly #accounts = new RecentMembers<{ at: number }>(LIMITS.stuffing.span, MOST_ADDRESSES);
  readonly #buckets = new Map<number, { attempts: number; failures: number }>();
  failing = 0;
  entering = 0;
  /** When stuffing was seen. */
  stuffing = new AttackSpan();
  /** Stuffing that was found. */
  readonly held = new Held();

  /** Addresses and accounts that it remembers. */
  get remembered(): number {
    return this.#addresses.size + this.#accounts.size;
  }

  fail(ip: string, account: string, at: number): void {
    this.#accounts.touch(account, at, () => ({ at }));
    this.#change(ip, at, (seen) => {
      seen.failed = true;
    });
  }

  enter(ip: string, at: number): void {
    this.#change(ip, at, (seen) => {
      seen.entered = true;
    });
  }

  /** Whether this address failed and never entered. */
  onlyFails(ip: string): boolean {
    const seen = this.#addresses.get(ip);
    return seen?.failed === true && !seen.entered;
  }

  /** The newest event that was counted of addresses, ms since the epoch. */
  get latestAt(): number {
    return this.#addresses.latestAt;
  }

  /** Whether a time lies before what is counted of addresses. */
  isPast(at: number): boolean {
    return this.#addresses.isPast(at);
  }

  get accounts(): number {
    return this.#accounts.size;
  }

  sampleAddresses(): readonly string[] {
    return this.#addresses.newest();
  }

  /** Counts an attempt for the ratio. */
  attempt(failed: boolean, at: number): void {
    const key = Math.floor(at / LIMITS.ratio.bucket);
    const bucket = this.#buckets.get(key) ?? { attempts: 0, failures: 0 };
    bucket.attempts += 1;
    if (failed) bucket.failures += 1;
    if (!this.#buckets.has(key)) {
      this.#buckets.set(key, bucket);
      const oldest = key - LIMITS.ratio.span / LIMITS.ratio.bucket;
      for (const known of this.#buckets.keys()) if (known < oldest) this.#buckets.delete(known);
    }
  }

  /**
   * The share of attempts that fail in the bucket of `at` and the usual one, when the first stands out from the second by more
   * than chance explains (binomial).
   */
  ratioJump(at: number): { ratio: number; usual: number; attempts: number; failures: number } | null {
    const { ratio: limits } = LIMITS;
    const key = Math.floor(at / limits.bucket);
    const now = this.#buckets.get(key);
    if (now === undefined || now.attempts < limits.attempts) return null;
    const before = { attempts: 0, failures: 0, buckets: 0 };
    for (const [known, { attempts, failures }] of this.#buckets) {
      if (known >= key) continue;
      before.attempts += attempts;
      before.failures += failures;
      before.buckets += 1;
    }
    if (before.buckets < limits.buckets || before.attempts < limits.usualAttempts) return null;
    const usual = before.failures / before.attempts;
    const ratio = now.failures / now.attempts;
    // With one failure more than there were, a past without any does not make the deviation infinite.
    const expected = (before.failures + 1) / (before.attempts + 2);
    const deviation = (ratio - expected) / Math.sqrt((expected * (1 - expected)) / now.attempts);
    const jumps = deviation >= limits.deviations && ratio >= usual + limits.above;
    return jumps ? { ratio, usual, ...now } : null;
  }

  #change(ip: string, at: number, change: (seen: Seen) => void): void {
    this.#accounts.prune(at);
    const seen = this.#addresses.touch(ip, at, () => ({ at, failed: false, entered: false }));
    if (seen === undefined) return;
    this.#count(seen, -1);
    change(seen);
    this.#count(seen, 1);
  }

  #count({ failed, entered }: Seen, sign: 1 | -1): void {
    if (entered) this.entering += sign;
    else if (failed) this.failing += sign;
  }
}
