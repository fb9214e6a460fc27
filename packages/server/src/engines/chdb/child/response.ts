import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip, type Gzip } from 'node:zlib';
import type { Outcome, ResultSink } from './engine.ts';
import type { EngineError } from './engine-error.ts';

/** Errors that a ClickHouse server answers with something else than 500. */
const STATUS_OF: Record<number, number> = {
  27: 400,
  36: 400,
  41: 400,
  42: 400,
  43: 400,
  46: 404,
  47: 404,
  48: 501,
  53: 400,
  60: 404,
  62: 400,
  81: 404,
  115: 404,
  117: 400,
  159: 408,
  164: 403,
  456: 400,
  457: 400,
  516: 403,
};

const CONTENT_TYPES: Record<string, string> = {
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
};

/** Writes one result in the way of ClickHouse's HTTP interface, compressed when the request asks for it. */
export class HttpResult implements ResultSink {
  readonly #response: ServerResponse;
  readonly #compress: boolean;
  readonly #exceptionTag: string;
  #gzip: Gzip | undefined;

  /** @param exceptionTag 16 random letters that mark an error in the middle of a stream */
  constructor(request: IncomingMessage, response: ServerResponse, url: URL, exceptionTag: string) {
    this.#response = response;
    this.#exceptionTag = exceptionTag;
    this.#compress =
      url.searchParams.get('enable_http_compression') === '1' &&
      /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  }

  open(outcome: Outcome, streamed: boolean): void {
    const response = this.#response;
    response.statusCode = 200;
    response.setHeader('Content-Type', CONTENT_TYPES[outcome.format] ?? 'application/octet-stream');
    response.setHeader('X-ClickHouse-Format', outcome.format);
    if (streamed) response.setHeader('X-ClickHouse-Exception-Tag', this.#exceptionTag);
    else response.setHeader('X-ClickHouse-Summary', summaryOf(outcome));
    if (!this.#compress) return;
    response.setHeader('Content-Encoding', 'gzip');
    this.#gzip = createGzip({ level: 1 });
    this.#gzip.pipe(response);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const out = this.#out();
    // A client that went away emits `close`, never `drain`; the request's abort then ends the statement.
    if (!out.write(bytes) && !this.#response.destroyed) {
      await Promise.race([once(out, 'drain'), once(this.#response, 'close')]);
    }
  }

  end(): void {
    this.#out().end();
  }

  /** Reports an error: as a status while that is possible, else in the middle of the stream. */
  fail(error: EngineError): void {
    const response = this.#response;
    if (response.destroyed) return;
    const text = `${error.message}\n`;
    if (response.headersSent || this.#gzip) {
      const tag = this.#exceptionTag;
      const length = Buffer.byteLength(text);
      this.#out().end(`\r\n__exception__\r\n${tag}\r\n${text}${length} ${tag}\r\n__exception__\r\n`);
      return;
    }
    response.statusCode = STATUS_OF[error.code] ?? 500;
    response.setHeader('X-ClickHouse-Exception-Code', String(error.code));
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    // The body may be unread: the connection cannot serve another request.
    if (!response.req.complete) response.setHeader('Connection', 'close');
    response.end(text);
  }

  #out(): Writable {
    return this.#gzip ?? this.#response;
  }
}

function summaryOf(outcome: Outcome): string {
  return JSON.stringify({
    read_rows: String(outcome.rowsRead),
    read_bytes: String(outcome.bytesRead),
    written_rows: String(outcome.rowsWritten),
    written_bytes: String(outcome.bytesWritten),
    total_rows_to_read: '0',
    result_rows: String(outcome.rowsWritten),
    result_bytes: String(outcome.bytesWritten),
  });
}
