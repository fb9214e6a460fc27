import { EngineError } from './engine-error.ts';
import { Lane } from './lanes.ts';
import type { Native, NativeConnection } from './native.ts';
import { isReading, isStreamable, shapeOf } from './statement.ts';

/** One statement with everything that holds for it alone. */
export interface Statement {
  sql: string;
  queryId: string;
  database: string;
  /** Output format when the statement names none. */
  format: string;
  settings: ReadonlyMap<string, string>;
  /** Parameter values in ClickHouse's escaped text form, as they travel over HTTP. */
  params: ReadonlyMap<string, string>;
  /** Rows of an INSERT that arrive apart from the statement. */
  data?: Uint8Array;
}

export interface Outcome {
  format: string;
  rowsRead: number;
  bytesRead: number;
  rowsWritten: number;
  bytesWritten: number;
}

/** Receives a result; `open` once, before the first byte. Resolves when it can take more. */
export interface ResultSink {
  open(outcome: Outcome, streamed: boolean): void;
  write(bytes: Uint8Array): Promise<void>;
}

const WRITERS = 2;
const READERS = 3;
const NOTHING: Omit<Outcome, 'format'> = { rowsRead: 0, bytesRead: 0, rowsWritten: 0, bytesWritten: 0 };

/**
 * chDB as a small server. Every statement runs on a connection of its own (0.3 ms), so that settings, parameters
 * and `readonly` cannot leak into the next. Readers do not wait for writers, nor writers for readers.
 */
export class Engine {
  readonly #native: Native;
  readonly #dataDir: string;
  readonly #writers = new Lane(WRITERS);
  readonly #readers = new Lane(READERS);
  /** Keeps the engine open between statements, and stops running ones. */
  readonly #control: NativeConnection;

  constructor(native: Native, dataDir: string, connectionArgs: readonly string[]) {
    this.#native = native;
    this.#dataDir = dataDir;
    this.#control = native.CreateConnection(dataDir, connectionArgs);
  }

  /** Creates the platform's database: chDB's own default database is not Atomic. */
  async createDatabase(name: string): Promise<void> {
    await this.#native.QueryAsyncConnection(
      this.#control,
      `CREATE DATABASE IF NOT EXISTS ${quoteName(name)} ENGINE = Atomic`,
      'Null',
    );
  }

  /** Closes the last connection and with it the engine. No statement may be running. */
  close(): void {
    this.#native.CloseConnection(this.#control);
  }

  /** Fails when the engine is not itself: no answer, or rows that came from our standard input. */
  async selfCheck(): Promise<string> {
    const result = await this.#native.QueryAsyncConnection(this.#control, 'SELECT version()', 'TSV');
    const version = Buffer.from(result.bytes).toString().trim();
    if (!/^\d+\.\d+/.test(version)) throw new Error(`chDB answered its self-check with ${JSON.stringify(version)}`);
    return version;
  }

  /**
   * Runs one statement; an abort of `signal` stops it in the engine.
   * @throws {EngineError}
   */
  async run(statement: Statement, sink: ResultSink, signal: AbortSignal): Promise<void> {
    const { verb, format = statement.format } = shapeOf(statement.sql);
    const lane = isReading(verb) ? this.#readers : this.#writers;
    await lane.run(signal, async () => {
      const connection = this.#native.CreateConnection(this.#dataDir);
      // When stopping fails the statement still ends by itself, at its time limit.
      const stop = () => void this.#stop(statement.queryId).catch(() => undefined);
      signal.addEventListener('abort', stop, { once: true });
      try {
        await this.#native.QueryAsyncConnection(connection, preparation(statement), 'Null');
        signal.throwIfAborted();
        await this.#execute(connection, statement, format, isStreamable(verb, format), sink);
      } catch (error) {
        throw EngineError.from(error);
      } finally {
        signal.removeEventListener('abort', stop);
        this.#native.CloseConnection(connection);
      }
    });
  }

  async #execute(
    connection: NativeConnection,
    { sql, data }: Statement,
    format: string,
    streamed: boolean,
    sink: ResultSink,
  ): Promise<void> {
    if (data && data.length > 0) {
      const written = await this.#native.InsertRawAsyncConnection(connection, `${sql}\n`, data, false);
      sink.open({ ...NOTHING, format, rowsWritten: written.rowsWritten, bytesWritten: written.bytesWritten }, false);
      return;
    }
    if (streamed) {
      await this.#stream(connection, sql, format, sink);
      return;
    }
    const result = await this.#native.QueryAsyncConnection(connection, sql, format);
    sink.open({ ...NOTHING, format, rowsRead: result.rowsRead, bytesRead: result.bytesRead }, false);
    await sink.write(result.bytes);
  }

  async #stream(connection: NativeConnection, sql: string, format: string, sink: ResultSink): Promise<void> {
    const stream = this.#native.StreamQuery(connection, sql, format);
    try {
      let chunk = await this.#native.StreamFetch(stream);
      sink.open({ ...NOTHING, format }, true);
      while (!chunk.done) {
        await sink.write(chunk.bytes);
        chunk = await this.#native.StreamFetch(stream);
      }
    } finally {
      this.#native.StreamCancel(stream);
    }
  }

  /** Asynchronous on purpose: the engine's synchronous KILL never returns and then blocks the exit. */
  async #stop(queryId: string): Promise<void> {
    await this.#native.QueryAsyncConnection(
      this.#control,
      `KILL QUERY WHERE Settings['log_comment'] = ${quoteText(queryId)} ASYNC`,
      'Null',
    );
  }
}

/** What makes the connection the statement's own. `readonly` comes last, because nothing can be set behind it. */
function preparation({ database, settings, params, queryId }: Statement): string {
  const assignments = [`log_comment = ${quoteText(queryId)}`];
  const readonly = settings.get('readonly');
  for (const [name, value] of settings) {
    if (name !== 'readonly') assignments.push(`${quoteName(name)} = ${quoteText(value)}`);
  }
  for (const [name, value] of params) assignments.push(`${quoteName(`param_${name}`)} = ${quoteText(value)}`);
  if (readonly !== undefined) assignments.push(`readonly = ${quoteText(readonly)}`);
  return `USE ${quoteName(database)}; SET ${assignments.join(', ')}`;
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}
