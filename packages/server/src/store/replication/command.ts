import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type pg from 'pg';
import { passedOn } from '../../lib/stream-memory.ts';
import { JoinedMessages } from './joined-messages.ts';

/** What the driver keeps below a client; commands of the replication protocol talk to it directly. */
export interface WireConnection extends EventEmitter {
  stream: Readable;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

export function wireOf(client: pg.Client): WireConnection {
  return (client as unknown as { connection: WireConnection }).connection;
}

export type CommandEvent = { kind: 'row'; result: number; fields: (string | null)[] } | { kind: 'copy'; bytes: Buffer };

export interface CommandOptions {
  input?: AsyncIterable<Buffer> | undefined;
  joined?: number;
}

/** Bytes that may wait for their reader before the socket is paused. */
const HIGH_WATER = 1 << 19;

/**
 * One command on a replication connection, read as a sequence of events with back-pressure: a reader that is slow
 * stops the socket, so that memory stays bounded whatever the server sends.
 */
export class ReplicationCommand implements AsyncIterable<CommandEvent> {
  readonly #client: pg.Client;
  readonly #text: string;
  readonly #input: AsyncIterable<Buffer> | undefined;
  readonly #joined: number | undefined;
  readonly #queue: (CommandEvent | JoinedMessages)[] = [];
  /** Memory of joined messages that were read. */
  readonly #free: Buffer[] = [];
  #queued = 0;
  #result = 0;
  #error: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;
  #started: () => void = () => undefined;
  /** Resolves when a stream in both directions has begun, or the command has ended. */
  readonly started = new Promise<void>((resolve) => {
    this.#started = resolve;
  });

  /**
   * @param input what the server is sent where it asks for it
   * @param joined first byte of messages that are given as one where they follow each other. Their bytes are valid until the
   *   next event is asked for
   */
  constructor(client: pg.Client, text: string, { input, joined }: CommandOptions = {}) {
    this.#client = client;
    this.#text = text;
    this.#input = input;
    this.#joined = joined;
    const wire = wireOf(client);
    wire.once('replicationStart', () => this.#started());
    wire.once('copyDone', () => this.#serverIsDone());
    client.once('error', (error) => this.#fail(error));
    client.once('end', () => this.#fail(new Error('Connection terminated')));
    client.query(this as unknown as pg.Submittable);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CommandEvent> {
    for (;;) {
      const event = this.#queue.shift();
      if (event instanceof JoinedMessages) {
        this.#taken(event.length);
        yield { kind: 'copy', bytes: event.bytes };
        this.#free.push(event.memory);
      } else if (event !== undefined) {
        if (event.kind === 'copy') this.#taken(event.bytes.length);
        yield event;
      } else if (this.#error) throw this.#error;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  /** All rows of a command without a copy stream, as text. */
  async rows(): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = [];
    for await (const event of this) if (event.kind === 'row') rows.push(event.fields);
    return rows;
  }

  /** Sends one message of a stream in both directions. */
  send(bytes: Buffer): void {
    if (!this.#ended && !this.#error) wireOf(this.#client).sendCopyFromChunk(bytes);
  }

  submit(connection: WireConnection): void {
    connection.query(this.#text);
  }

  handleRowDescription(): void {
    this.#result++;
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    this.#push({ kind: 'row', result: this.#result, fields: message.fields });
  }

  handleCopyData(message: { chunk: Buffer }): void {
    const { length } = message.chunk;
    // What the socket had it in is left behind, and so is a copy: an increment passes little of it on, and cannot tell.
    passedOn(2 * length);
    // The driver reuses its buffer for what comes next.
    if (this.#joined !== undefined && message.chunk[0] === this.#joined) this.#join(message.chunk);
    else this.#push({ kind: 'copy', bytes: Buffer.from(message.chunk) }, length);
    if (this.#queued > HIGH_WATER) wireOf(this.#client).stream.pause();
  }

  handleCopyInResponse(connection: WireConnection): void {
    if (this.#input) void sendAll(this.#input, connection);
    else connection.sendCopyFail('nothing to send');
  }

  handleCommandComplete(): void {}

  handleEmptyQuery(): void {}

  handleReadyForQuery(): void {
    this.#ended = true;
    this.#started();
    this.#wakeReader();
  }

  handleError(error: Error): void {
    this.#fail(error);
  }

  #serverIsDone(): void {
    // A timeline has ended: the server waits for our end of the stream before it says where the next begins.
    wireOf(this.#client).endCopyFrom();
  }

  #join(message: Buffer): void {
    for (let at = 1; at < message.length; ) {
      let last = this.#queue.at(-1);
      if (!(last instanceof JoinedMessages) || last.isFull) {
        last = new JoinedMessages(message[0] as number, this.#free.pop());
        this.#push(last, last.length);
      }
      const taken = last.add(message, at);
      this.#queued += taken;
      at += taken;
    }
  }

  #push(event: CommandEvent | JoinedMessages, bytes = 0): void {
    this.#queue.push(event);
    this.#queued += bytes;
    this.#wakeReader();
  }

  #taken(bytes: number): void {
    this.#queued -= bytes;
    const { stream } = wireOf(this.#client);
    if (this.#queued <= HIGH_WATER / 2 && stream.isPaused()) stream.resume();
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#started();
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

async function sendAll(input: AsyncIterable<Buffer>, connection: WireConnection): Promise<void> {
  try {
    for await (const chunk of input) connection.sendCopyFromChunk(chunk);
    connection.endCopyFrom();
  } catch (error) {
    connection.sendCopyFail(String(error));
  }
}
