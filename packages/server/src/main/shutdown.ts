import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** Remembers how to close what was opened, and closes it in reverse order. */
export class Shutdown {
  readonly #steps: { name: string; close: () => Promise<void> }[] = [];
  readonly #log: Log;
  #running: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, close: () => Promise<void>): void {
    this.#steps.push({ name, close });
  }

  /** Closes everything, newest first. A step that fails is reported and does not keep the others open. */
  run(): Promise<void> {
    this.#running ??= this.#close();
    return this.#running;
  }

  async #close(): Promise<void> {
    for (const { name, close } of this.#steps.toReversed()) {
      try {
        await close();
      } catch (error) {
        this.#log.error('could not be closed cleanly', { what: name, error: messageOf(error) });
      }
    }
  }
}
