/** Before this many milliseconds of a phase, its speed is chance. */
const TOO_EARLY_MS = 1_000;

/** How fast a work goes on, phase by phase. */
export class Pace {
  #what = '';
  #began = 0;
  #first = 0;
  #last = 0;

  /**
   * @param done of the phase that `what` names
   * @param now milliseconds of a clock that never goes back
   * @returns what is done in a second since the phase began; null while nobody can say
   */
  perSecond(done: number, what: string, now: number): number | null {
    // The next of several objects counts from nothing again, under the same words.
    if (what !== this.#what || done < this.#last) {
      this.#what = what;
      this.#began = now;
      this.#first = done;
    }
    this.#last = done;
    const elapsed = now - this.#began;
    const moved = done - this.#first;
    return elapsed < TOO_EARLY_MS || moved === 0 ? null : (moved * 1_000) / elapsed;
  }
}
