import { LIMITS } from './limits.ts';
import { Recent } from './recent.ts';

/** Failures of one address on one account, and when the account was entered from there. Each may be told of late. */
export class Pair {
  readonly #failures: Recent;
  #enteredAt: number;
  #enteredBefore = Number.NEGATIVE_INFINITY;

  /**
   * @param most failures that are kept
   * @param enteredAt last success that is known already, ms since the epoch
   */
  constructor(most: number, enteredAt: number) {
    this.#failures = new Recent(most);
    this.#enteredAt = enteredAt;
  }

  /** When the account was entered last, ms since the epoch. */
  get enteredAt(): number {
    return this.#enteredAt;
  }

  fail(at: number): void {
    this.#failures.add(at);
  }

  /** Takes a success; one that comes later than a newer one tells nothing. */
  enter(at: number): void {
    if (at <= this.#enteredAt) return;
    this.#enteredBefore = this.#enteredAt;
    this.#enteredAt = at;
  }

  /** As `Recent.within`, of failures after the last success. */
  within(span: number, at: number): number {
    return this.#failures.within(span, at, this.#enteredAt);
  }

  /** Failures within a day before the last success, after the one before it. */
  get triedBeforeEntering(): number {
    const from = Math.max(this.#enteredBefore, this.#enteredAt - LIMITS.takeover.span);
    return this.#failures.between(from, this.#enteredAt);
  }
}
