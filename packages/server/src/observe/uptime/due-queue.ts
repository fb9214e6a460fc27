/** Something that falls due at a time. */
export interface Due {
  dueAt: number;
}

/** A binary heap: the item that is due first is found at once, adding and taking are O(log n). */
export class DueQueue<Item extends Due> {
  readonly #heap: Item[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): Item | undefined {
    return this.#heap[0];
  }

  add(item: Item): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as Item;
      if (parent.dueAt <= item.dueAt) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = item;
  }

  /** Takes the item that is due first. */
  take(): Item | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(item: Item): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const child = this.#earlierChild(index);
      if (child === undefined || (heap[child] as Item).dueAt >= item.dueAt) break;
      heap[index] = heap[child] as Item;
      index = child;
    }
    heap[index] = item;
  }

  #earlierChild(index: number): number | undefined {
    const left = 2 * index + 1;
    if (left >= this.#heap.length) return undefined;
    const right = left + 1;
    if (right >= this.#heap.length) return left;
    return (this.#heap[right] as Item).dueAt < (this.#heap[left] as Item).dueAt ? right : left;
  }
}
