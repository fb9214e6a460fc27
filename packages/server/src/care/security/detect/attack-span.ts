const HOUR = 3_600_000;

/** From when to when somebody was seen attacking: hits with less than an hour between them are one attack. */
export class AttackSpan {
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;

  /** @param at ms since the epoch, also of a hit that comes late */
  add(at: number): void {
    if (at >= this.#to + HOUR) this.#from = at;
    this.#from = Math.min(this.#from, at);
    this.#to = Math.max(this.#to, at);
  }

  /** Whether a time lies in the attack, or within the hour after it. */
  holds(at: number): boolean {
    return at >= this.#from && at - this.#to < HOUR;
  }

  /** Last hit, ms since the epoch. */
  get lastAt(): number {
    return this.#to;
  }
}
