import type { Socket } from 'node:net';
import { YumOpsError } from '../../../../lib/errors.ts';
import { shorten } from '../../assert.ts';
import { SocketReader, takeLine } from '../../net/socket-reader.ts';

/** A reply, whose lines are without the code. */
export interface SmtpReply {
  code: number;
  lines: string[];
}

/** The client's side of a conversation as in RFC 5321. */
export class SmtpSession {
  readonly socket: Socket;
  readonly #reader: SocketReader;

  constructor(socket: Socket, signal: AbortSignal) {
    this.socket = socket;
    this.#reader = new SocketReader(socket, signal);
  }

  write(command: string): void {
    this.socket.write(`${command}\r\n`);
  }

  ask(command: string): Promise<SmtpReply> {
    this.write(command);
    return this.read();
  }

  /** @throws {YumOpsError} `not_smtp`, or what the reader throws */
  async read(): Promise<SmtpReply> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#reader.next(takeLine);
      const [, code, more, text = ''] = /^(\d{3})(?:([ -])(.*))?$/.exec(line) ?? [];
      if (code === undefined) {
        throw new YumOpsError('not_smtp', `Expected a mail server, got ${shorten(JSON.stringify(line))}.`);
      }
      lines.push(text);
      if (more !== '-') return { code: Number(code), lines };
    }
  }

  /**
   * Leaves the connection to TLS.
   * @throws {YumOpsError} `smtp_injected` when something came after the answer, which could be anybody's
   */
  release(): void {
    if (this.#reader.rest.length > 0) {
      throw new YumOpsError('smtp_injected', 'The server said more than its answer before TLS began.');
    }
    this.#reader.release();
  }
}
