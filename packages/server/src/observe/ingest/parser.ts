import { Worker } from 'node:worker_threads';
import { YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { randomHex } from '../../lib/random.ts';
import type { ParseReply, ParseRequest } from './parse-worker.ts';
import type { BodyFormat, EncodedBody } from './record/body.ts';
import type { EncodeContext } from './record/encoder.ts';

interface Waiting {
  resolve(result: EncodedBody): void;
  reject(error: unknown): void;
}

/** Parses bodies in a thread of its own, so that a large one never holds up the rest of the platform. */
export class Parser {
  readonly #script: URL;
  readonly #log: Log;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 1;
  #closed = false;

  /** @param script the built `parse-worker.js` */
  constructor(script: URL, log: Log) {
    this.#script = script;
    this.#log = log;
  }

  /** Encodes a body. The body's memory moves to the thread when it owns its buffer alone. */
  parse(body: Uint8Array, format: BodyFormat, context: EncodeContext): Promise<EncodedBody> {
    if (this.#closed)
      return Promise.reject(new YumOpsError('shutting_down', 'YumOps is shutting down.', { status: 503 }));
    const id = this.#nextId;
    this.#nextId += 1;
    const whole = body.buffer instanceof ArrayBuffer && body.byteLength === body.buffer.byteLength;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const request: ParseRequest = { id, body, format, context };
      this.#thread().postMessage(request, whole ? [body.buffer as ArrayBuffer] : []);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#script, { workerData: { nonce: randomHex(5) } });
    worker.unref();
    worker.on('message', (reply: ParseReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('result' in reply) waiting?.resolve(reply.result);
      else waiting?.reject(new YumOpsError('parser_failed', 'The body could not be parsed.', { cause: reply.error }));
    });
    worker.on('error', (error) => this.#log.error('The parser thread failed.', { reason: error.message }));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#rejectAll(new YumOpsError('parser_stopped', 'The parser was stopped.', { status: 503, retryAfter: 1 }));
    });
    this.#worker = worker;
    return worker;
  }

  #rejectAll(error: YumOpsError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
