/** Where finished lines go. Must not throw and must not block. */
export interface Sink {
  /**
   * @param level index into `LEVELS`
   * @param line one JSON record with its line feed
   * @param worth the level as which it is kept where memory is short, and among which it keeps its place; as a rule its own
   */
  write(level: number, line: string, worth?: number): void;
  /** Resolves with true when everything written before has left the process within `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean>;
  close(timeoutMs: number): Promise<boolean>;
  /** Lines that still wait, for a process that ends. */
  readonly pending?: number;
  /** Writes what waits without the event loop, waiting up to `patienceMs` for a slow reader. After each `fatal`, and at the process's end. */
  flushSync?(patienceMs: number): void;
  /** As {@link flushSync} for sinks on the network, at the process's end alone. @returns true when nothing is left */
  deliverSync?(timeoutMs: number): boolean;
  /** Counts what waits as lost and says so: the process ends. */
  giveUp?(): void;
}

/** Asks all sinks for what takes time. @returns whether all said yes; one that fails says no */
export async function allOf(sinks: Iterable<Sink>, ask: (sink: Sink) => Promise<boolean>): Promise<boolean> {
  const answers = await Promise.allSettled([...sinks].map(async (sink) => ask(sink)));
  return answers.every((answer) => answer.status === 'fulfilled' && answer.value);
}

/** Tells each sink something. What one of the application's own throws keeps it from none of the others. */
export function eachOf(sinks: Iterable<Sink>, tell: (sink: Sink) => void): void {
  for (const sink of sinks) {
    try {
      tell(sink);
    } catch {
      // Its lines are its own affair; those of the others are not.
    }
  }
}

/** Sinks that are made when the first line comes, so that nothing starts before the application has set the SDK up. */
export class LazySinks implements Sink {
  readonly #make: () => readonly Sink[];
  readonly #owned: boolean;
  #made: readonly Sink[] | undefined;

  /** @param owned whether closing this closes them; others go on to use them otherwise */
  constructor(make: () => readonly Sink[], owned: boolean) {
    this.#make = make;
    this.#owned = owned;
  }

  get #sinks(): readonly Sink[] {
    this.#made ??= this.#make();
    return this.#made;
  }

  get pending(): number {
    return (this.#made ?? []).reduce((sum, sink) => sum + (sink.pending ?? 0), 0);
  }

  write(level: number, line: string, worth?: number): void {
    for (const sink of this.#sinks) {
      sink.write(level, line, worth);
    }
  }

  async flush(timeoutMs: number): Promise<boolean> {
    return allOf(this.#sinks, (sink) => sink.flush(timeoutMs));
  }

  async close(timeoutMs: number): Promise<boolean> {
    if (!this.#owned) {
      return this.flush(timeoutMs);
    }
    return allOf(this.#sinks, (sink) => sink.close(timeoutMs));
  }

  flushSync(patienceMs: number): void {
    for (const sink of this.#made ?? []) {
      sink.flushSync?.(patienceMs);
    }
  }

  deliverSync(timeoutMs: number): boolean {
    return (this.#made ?? []).map((sink) => sink.deliverSync?.(timeoutMs) ?? true).every(Boolean);
  }

  giveUp(): void {
    for (const sink of this.#made ?? []) {
      sink.giveUp?.();
    }
  }
}
