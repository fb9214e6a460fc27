import type { Hit } from '../detection.ts';

/** Later than this after it nothing is withdrawn any more, ms: what was counted then is partly forgotten. */
const MOST_LATE = 10 * 60_000;

/** An attack that was none: what had happened by then was not all known when it was found. */
export interface Withdrawal {
  hit: Hit;
  /** When it was found first, ms since the epoch. */
  since: number;
  /** False = it was one, and what follows from it is less. */
  whole: boolean;
}

interface Charge {
  hit: Hit;
  since: number;
  again: () => Hit | null;
}

/**
 * What is held against an address, a network or everybody because of counts in which sign-ins that succeeded weigh, and how to judge
 * it again: of two processes of an application, one may tell of its failures seconds before the other tells of its successes.
 */
export class Held {
  readonly #charges = new Map<Hit['code'], Charge>();

  get size(): number {
    return this.#charges.size;
  }

  /** @param again judges the same by what is known then */
  add(hit: Hit, again: () => Hit | null): void {
    const known = this.#charges.get(hit.code);
    const since = known !== undefined && hit.at - known.hit.at < MOST_LATE ? Math.min(known.since, hit.at) : hit.at;
    this.#charges.set(hit.code, { hit, since, again });
  }

  /**
   * Judges again after a success became known that had happened before the last event for which somebody was shut out. A later one
   * changes nothing: whoever guesses right in the end stays shut out.
   * @param at when it happened, ms since the epoch
   * @param latest the newest event that was counted, ms since the epoch
   * @returns what does not stand, and what stands in another form
   */
  judge(at: number, latest: number): { withdrawn: Withdrawal[]; instead: Hit[] } {
    const withdrawn: Withdrawal[] = [];
    const instead: Hit[] = [];
    for (const [code, { hit, since, again }] of this.#charges) {
      if (at > hit.at || latest > hit.at + MOST_LATE) continue;
      const now = again();
      if (now !== null && now.restriction?.action === hit.restriction?.action) continue;
      withdrawn.push({ hit, since, whole: now === null });
      if (now === null) this.#charges.delete(code);
      else {
        instead.push(now);
        this.add(now, again);
      }
    }
    return { withdrawn, instead };
  }
}
