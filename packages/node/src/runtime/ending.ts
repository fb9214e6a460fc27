import type { Logger } from '../logging/logger.ts';
import { allOf, eachOf, type Sink } from '../logging/sink.ts';
import type { DropCounter } from '../transport/drop-counter.ts';
import type { Flushable } from './process-end.ts';

/** How long standard output may keep a process that ends, milliseconds. */
const PATIENCE = 500;

/** Counts that become records when they are settled. */
export interface Settles {
  settle(): void;
}

/** What has to leave the process before it ends: the lines that wait in sinks, and the counts that were not written yet. */
export class Ending implements Flushable {
  readonly #sinks = new Set<Sink>();
  readonly #guards = new Set<Settles>();
  readonly #drops: DropCounter;
  readonly #last: Logger;

  /** @param last writes the exception that ends the process */
  constructor(drops: DropCounter, last: Logger) {
    this.#drops = drops;
    this.#last = last;
  }

  attach({ sinks, guard }: { sinks: readonly Sink[]; guard: Settles | undefined }): void {
    for (const sink of sinks) {
      this.#sinks.add(sink);
    }
    if (guard !== undefined) {
      this.#guards.add(guard);
    }
  }

  crashed(error: unknown): void {
    this.#last.fatal('Uncaught exception', error);
  }

  pending(): number {
    this.#settle();
    return [...this.#sinks].reduce((sum, sink) => sum + (sink.pending ?? 0), 0);
  }

  async flush(timeoutMs: number): Promise<boolean> {
    this.#settle();
    return allOf(this.#sinks, (sink) => sink.flush(timeoutMs));
  }

  flushSync(): void {
    this.#settle();
    eachOf(this.#sinks, (sink) => sink.flushSync?.(PATIENCE));
  }

  deliverSync(timeoutMs: number): boolean {
    this.#drops.tell();
    let empty = true;
    // Those of the loggers first: what they lose is told to YumOps by the last.
    eachOf([...this.#sinks].reverse(), (sink) => {
      empty = (sink.deliverSync?.(timeoutMs) ?? true) && empty;
    });
    return empty;
  }

  giveUp(): void {
    this.#drops.tell();
    eachOf(this.#sinks, (sink) => sink.giveUp?.());
  }

  #settle(): void {
    for (const guard of this.#guards) {
      guard.settle();
    }
  }
}
