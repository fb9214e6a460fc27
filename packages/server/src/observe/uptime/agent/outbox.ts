import type { AgentResult } from './wire.ts';

/** Results that the platform has not confirmed yet, in order. Beyond `capacity` the oldest are given up and counted. */
export class Outbox {
  readonly #capacity: number;
  #results: AgentResult[] = [];
  #sequence = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#results.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(result: Omit<AgentResult, 'sequence'>): void {
    this.#sequence += 1;
    this.#results.push({ ...result, sequence: this.#sequence });
    const excess = this.#results.length - this.#capacity;
    if (excess <= 0) return;
    this.#results.splice(0, excess);
    this.#dropped += excess;
  }

  /** The oldest results, at most `limit`. */
  next(limit: number): AgentResult[] {
    return this.#results.slice(0, limit);
  }

  /** Forgets what is stored elsewhere. @returns how many results that were */
  confirm(upTo: number): number {
    const first = this.#results.findIndex(({ sequence }) => sequence > upTo);
    const confirmed = first === -1 ? this.#results.length : first;
    this.#results.splice(0, confirmed);
    return confirmed;
  }
}
