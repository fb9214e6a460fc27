import type { Socket } from 'node:net';
import { YumOpsError } from '../../../lib/errors.ts';

/** Most bytes that wait to be understood; no protocol that is checked needs more for one message. */
const LIMIT = 1024 * 1024;

/** A message at the start of the bytes, and how many of them it took. */
export interface Taken<Message> {
  message: Message;
  bytes: number;
}

/** Reads messages off a connection, one at a time, however the network cuts them. */
export class SocketReader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #buffer: Buffer = Buffer.alloc(0);
  #ended: YumOpsError | null = null;
  #wake: (() => void) | null = null;

  /** @param signal at whose end reading rejects with its reason */
  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on('data', this.#onData);
    socket.once('close', this.#onClose);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Everything that has come and was not taken. */
  get rest(): Buffer {
    return this.#buffer;
  }

  /**
   * Waits until `take` finds a whole message.
   * @throws {YumOpsError} `connection_closed`, `answer_too_long`, whatever `take` throws, or the signal's reason
   */
  async next<Message>(take: (bytes: Buffer) => Taken<Message> | undefined): Promise<Message> {
    for (;;) {
      this.#signal.throwIfAborted();
      const taken = take(this.#buffer);
      if (taken) {
        this.#buffer = this.#buffer.subarray(taken.bytes);
        return taken.message;
      }
      if (this.#buffer.length > LIMIT) throw new YumOpsError('answer_too_long', 'The answer is longer than 1 MiB.');
      if (this.#ended) throw this.#ended;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Stops reading, so that something else may read the connection. */
  release(): void {
    this.#socket.off('data', this.#onData);
    this.#socket.off('close', this.#onClose);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onData = (chunk: Buffer) => {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    this.#wake?.();
  };

  readonly #onClose = () => {
    const when = this.#buffer.length === 0 ? 'before it answered' : 'in the middle of its answer';
    this.#ended = new YumOpsError('connection_closed', `The server closed the connection ${when}.`);
    this.#wake?.();
  };

  readonly #onAbort = () => this.#wake?.();
}

/** Takes a line that ends in LF, without its line end. */
export function takeLine(bytes: Buffer): Taken<string> | undefined {
  const end = bytes.indexOf(0x0a);
  if (end < 0) return undefined;
  return { message: bytes.subarray(0, end).toString('utf8').replace(/\r$/, ''), bytes: end + 1 };
}
