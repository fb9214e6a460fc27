/** The longest time that a part waits for an idle moment, milliseconds. */
const LONGEST = 500;

/** Runs `work` as a task of its own, after what runs now. */
export function soon(work: () => void): void {
  setTimeout(work);
}

/** Runs `work` in an idle moment. Asking for one takes as long as half of the start itself, so that waits, too; Safari has none. */
export function whenIdle(work: () => void): void {
  soon(() => {
    if (typeof requestIdleCallback === 'function') requestIdleCallback(work, { timeout: LONGEST });
    else work();
  });
}

/** Parts of the start that can wait. Each runs by itself, so that none of them is a long task together with another. */
export class Later {
  readonly #when: (work: () => void) => void;
  readonly #parts: (() => void)[] = [];
  #isAsked = false;

  /** @param when runs what it is given later */
  constructor(when: (work: () => void) => void) {
    this.#when = when;
  }

  /** Asks for the next part's turn when the one before has run: a timer that is asked for is a part of the start, too. */
  add(part: () => void): void {
    this.#parts.push(part);
    this.#ask();
  }

  /** Runs what still waits, for a page that closes. */
  runAll(): void {
    while (this.#parts.length > 0) this.#next();
  }

  clear(): void {
    this.#parts.length = 0;
  }

  #ask(): void {
    if (this.#isAsked || this.#parts.length === 0) return;
    this.#isAsked = true;
    this.#when(() => {
      this.#next();
      this.#isAsked = false;
      this.#ask();
    });
  }

  #next(): void {
    try {
      this.#parts.shift()?.();
    } catch {
      // a page must never break because it is watched
    }
  }
}
