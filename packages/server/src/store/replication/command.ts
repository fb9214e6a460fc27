import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type pg from 'pg';

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

/** Bytes that may wait for their reader before the socket is paused. */
const HIGH_WATER = 1 << 20;

/**
 * One command on a replication connection, read as a sequence of events with back-pressure: a reader that is slow
 * stops the socket, so that memory stays bounded whatever the server sends.
 */
export class ReplicationCommand implements AsyncIterable<CommandEvent> {
  readonly #client: pg.Client;
  readonly #text: string;
  readonly #input: AsyncIterable<Buffer> | undefined;
  readonly #queue: CommandEvent[] = [];
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

  constructor(client: pg.Client, text: string, input?: AsyncIterable<Buffer>) {
    this.#client = client;
    this.#text = text;
    this.#input = input;
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
      if (event !== undefined) {
        this.#taken(event);
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
    // The driver reuses its buffer for what comes next.
    const bytes = Buffer.from(message.chunk);
    this.#queued += bytes.length;
    if (this.#queued > HIGH_WATER) wireOf(this.#client).stream.pause();
    this.#push({ kind: 'copy', bytes });
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

  #push(event: CommandEvent): void {
    this.#queue.push(event);
    this.#wakeReader();
  }

  #taken(event: CommandEvent): void {
    if (event.kind !== 'copy') return;
    this.#queued -= event.bytes.length;
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
