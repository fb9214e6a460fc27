import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Clock, Timer } from '../lib/clock.ts';

/** Bytes that may wait for a slow reader: some thousand log lines, which often arrive at once. */
const MAX_WAITING = 4 * 1024 * 1024;

/** Milliseconds between signs of life. */
const HEARTBEAT = 15_000;

/**
 * Server-sent events on one reply. A reader that is too slow misses events; how many is told in a `dropped` event
 * as soon as there is room.
 */
export class EventStream {
  readonly #reply: FastifyReply;
  readonly #clock: Clock;
  #heartbeat: Timer;
  #dropped = 0;
  #corked = false;

  constructor(reply: FastifyReply, clock: Clock) {
    this.#reply = reply;
    this.#clock = clock;
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no',
    });
    reply.raw.write(': connected\n\n');
    this.#heartbeat = this.#beat();
    reply.raw.on('drain', () => this.#tellDropped());
    this.onClose(() => this.#heartbeat.cancel());
  }

  send(event: string, data: unknown): void {
    if (this.#reply.raw.writableLength > MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#tellDropped();
    this.#together();
    this.#reply.raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Counts events that were lost before they came here. */
  drop(count: number): void {
    this.#dropped += count;
    if (this.#reply.raw.writableLength <= MAX_WAITING) this.#tellDropped();
  }

  /** Runs `fn` once when the reader is gone or the server stops; at once when the reader did not even wait for the first byte. */
  onClose(fn: () => void): void {
    if (this.#reply.raw.destroyed) fn();
    else this.#reply.raw.once('close', fn);
  }

  /** Cuts the stream off, without waiting for a reader that does not read. */
  end(): void {
    this.#reply.raw.destroy();
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.#reply.raw.write(`event: dropped\ndata: ${JSON.stringify({ count })}\n\n`);
  }

  /** What is sent in one go leaves in one piece. */
  #together(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#reply.raw.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#reply.raw.uncork();
    });
  }

  #beat(): Timer {
    return this.#clock.after(HEARTBEAT, () => {
      this.#reply.raw.write(': alive\n\n');
      this.#heartbeat = this.#beat();
    });
  }
}

/** Ends the streams that are handed to it when the server stops: an open one would keep it from closing. */
export function endWithServer(app: FastifyInstance): (stream: EventStream) => void {
  const streams = new Set<EventStream>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });
  return (stream) => {
    streams.add(stream);
    stream.onClose(() => streams.delete(stream));
  };
}
