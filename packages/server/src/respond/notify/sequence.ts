import type { DeliveryResult } from './notifier.ts';

/** One request of a message that takes several. */
export type Part = (signal: AbortSignal) => Promise<DeliveryResult>;

const REMEMBERED = 1_000;

/**
 * Sends the requests of a message one after another. After one that must be tried again, the next attempt goes on
 * there, so that a long message gets through a vendor's rate limit in several attempts. What is remembered is lost with
 * the process; the requests are safe to repeat.
 */
export class Sequence {
  readonly #done = new Map<string, number>();

  /** @param id of the message; every attempt has the same parts */
  async send(id: string, parts: readonly Part[], signal: AbortSignal): Promise<DeliveryResult> {
    let done = this.#done.get(id) ?? 0;
    this.#done.delete(id);
    let last: DeliveryResult = { outcome: 'sent', detail: 'accepted' };
    for (const part of parts.slice(done)) {
      last = await part(signal);
      if (last.outcome === 'retry') this.#remember(id, done);
      if (last.outcome !== 'sent') return last;
      done++;
    }
    return parts.length > 1 && last.outcome === 'sent'
      ? { ...last, detail: `${last.detail}, ${parts.length} parts` }
      : last;
  }

  #remember(id: string, done: number): void {
    const oldest = this.#done.keys().next();
    if (this.#done.size >= REMEMBERED && !oldest.done) this.#done.delete(oldest.value);
    this.#done.set(id, done);
  }
}
