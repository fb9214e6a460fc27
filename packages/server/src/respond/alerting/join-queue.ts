interface Waiting<Item> {
  item: Item;
  done(): void;
  failed(error: unknown): void;
}

/** Joins what arrives while something is being written, so that many items share one commit. */
export class JoinQueue<Item> {
  readonly #write: (items: readonly Item[]) => Promise<void>;
  readonly #most: number;
  #waiting: Waiting<Item>[] = [];
  #busy = false;

  /** @param most items that are written at one time */
  constructor(write: (items: readonly Item[]) => Promise<void>, most: number) {
    this.#write = write;
    this.#most = most;
  }

  /** Resolves when the item is committed; rejects with the error of what it was written with. */
  add(item: Item): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed });
      if (!this.#busy) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, this.#most);
      try {
        await this.#write(taken.map(({ item }) => item));
        for (const { done } of taken) done();
      } catch (error) {
        for (const { failed } of taken) failed(error);
      }
    }
    this.#busy = false;
  }
}
