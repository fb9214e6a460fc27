/** Bytes of messages that are joined at most. */
const MOST = 1 << 17;

/**
 * Messages of one kind that followed each other, as one: its first byte is theirs. A server that sends single pages would cost
 * a turn of everything that reads them for each.
 */
export class JoinedMessages {
  readonly memory: Buffer;
  #filled = 1;

  /** @param memory of one that was read */
  constructor(kind: number, memory: Buffer = Buffer.allocUnsafeSlow(1 + MOST)) {
    this.memory = memory;
    memory[0] = kind;
  }

  get length(): number {
    return this.#filled;
  }

  get isFull(): boolean {
    return this.#filled === this.memory.length;
  }

  /** All of it; written over once `memory` is given to another. */
  get bytes(): Buffer {
    return this.memory.subarray(0, this.#filled);
  }

  /** Takes the bytes of a message from `at` on, as many as there is room for. @returns how many */
  add(message: Buffer, at: number): number {
    const taken = message.copy(this.memory, this.#filled, at);
    this.#filled += taken;
    return taken;
  }
}
