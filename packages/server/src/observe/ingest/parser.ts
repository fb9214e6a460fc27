import { Worker } from 'node:worker_threads';
import { YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { randomHex } from '../../lib/random.ts';
import type { ForeignFormat } from './foreign/translate.ts';
import type { OtlpEncoded } from './otlp/intake.ts';
import type {
  ForeignEncoded,
  OtlpForm,
  ParseReply,
  ParseRequest,
  ParseResult,
  ParserData,
  ParseTask,
  RequestLinesNote,
} from './parse-worker.ts';
import type { BodyFormat, EncodedBody } from './record/body.ts';
import type { EncodeContext } from './record/encoder.ts';
import type { RumContext, RumEncoded } from './rum/intake.ts';
import type { SentryContext } from './sentry/context.ts';
import type { SentryEncoded, SentryFormat } from './sentry/intake.ts';

interface Waiting {
  resolve(result: ParseResult): void;
  reject(error: unknown): void;
}

/** Parses bodies in a thread of its own, so that a large one never holds up the rest of the platform. */
export class Parser {
  readonly #script: URL;
  readonly #sourceMaps: string;
  readonly #accountKey: string;
  readonly #log: Log;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 1;
  #noted: RequestLinesNote = { noted: [], now: 0 };
  #closed = false;

  /**
   * @param script the built `parse-worker.js`
   * @param data folder of the uploaded source maps, and the key of the hash that stands for an account
   */
  constructor(script: URL, { sourceMaps, accountKey }: Pick<ParserData, 'sourceMaps' | 'accountKey'>, log: Log) {
    this.#script = script;
    this.#sourceMaps = sourceMaps;
    this.#accountKey = accountKey;
    this.#log = log;
  }

  /** Encodes a body. The body's memory moves to the thread when it owns its buffer alone. */
  parse(body: Uint8Array, format: BodyFormat, context: EncodeContext): Promise<EncodedBody> {
    return this.#ask<EncodedBody>(body, { kind: 'records', format, context });
  }

  /**
   * Encodes a body of another service's client, which stays where it is.
   * @param without keys of records that are left out
   */
  parseForeign(
    body: Uint8Array,
    format: ForeignFormat,
    context: EncodeContext,
    without: ReadonlySet<string>,
  ): Promise<ForeignEncoded> {
    return this.#ask<ForeignEncoded>(body, { kind: 'foreign', format, context, without }, false);
  }

  /** Takes apart an OpenTelemetry export request. Its memory moves as that of `parse` does. */
  parseOtlp(body: Uint8Array, form: OtlpForm, context: EncodeContext): Promise<OtlpEncoded> {
    return this.#ask<OtlpEncoded>(body, { kind: 'otlp', form, context });
  }

  /** Takes apart a beacon of a browser. Its memory moves as that of `parse` does. */
  parseRum(body: Uint8Array, context: RumContext): Promise<RumEncoded> {
    return this.#ask<RumEncoded>(body, { kind: 'rum', context });
  }

  /** Takes apart a body of Sentry's protocol. Its memory moves as that of `parse` does. */
  parseSentry(body: Uint8Array, format: SentryFormat, context: SentryContext): Promise<SentryEncoded> {
    return this.#ask<SentryEncoded>(body, { kind: 'sentry', format, context });
  }

  /** Tells which services write lines of their requests; a thread that is started later is told too. */
  noteRequestLines(note: RequestLinesNote): void {
    this.#noted = note;
    this.#worker?.postMessage(note);
  }

  #ask<Result extends ParseResult>(body: Uint8Array, task: ParseTask, mayMove = true): Promise<Result> {
    if (this.#closed)
      return Promise.reject(new YumOpsError('shutting_down', 'YumOps is shutting down.', { status: 503 }));
    const id = this.#nextId;
    this.#nextId += 1;
    const moves = mayMove && body.buffer instanceof ArrayBuffer && body.byteLength === body.buffer.byteLength;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
      const request: ParseRequest = { id, body, ...task };
      this.#thread().postMessage(request, moves ? [body.buffer as ArrayBuffer] : []);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const workerData: ParserData = { nonce: randomHex(5), sourceMaps: this.#sourceMaps, accountKey: this.#accountKey };
    const worker = new Worker(this.#script, { workerData });
    worker.unref();
    worker.postMessage(this.#noted);
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
