import { createRequire } from 'node:module';

/** A connection of its own to the one engine in this process: private settings, parameters and current database. */
export type NativeConnection = { readonly native: unique symbol };
/** A cursor over a streamed result. */
export type NativeStream = { readonly stream: unique symbol };

export interface NativeResult {
  bytes: Uint8Array;
  /** Seconds. */
  elapsed: number;
  rowsRead: number;
  bytesRead: number;
}

export interface NativeInsert {
  /** Rows written, including those of materialized views. */
  rowsWritten: number;
  bytesWritten: number;
  elapsed: number;
}

export interface NativeChunk {
  bytes: Uint8Array;
  numRows: number;
  done: boolean;
}

/**
 * The addon below the `chdb` package, used without its session layer: that layer binds parameters one query at a
 * time for the whole process, while connections here are so cheap that every request has its own.
 */
export interface Native {
  CreateConnection(dataDir: string, args?: readonly string[]): NativeConnection;
  CloseConnection(connection: NativeConnection): void;
  QueryAsyncConnection(connection: NativeConnection, sql: string, format: string): Promise<NativeResult>;
  InsertRawAsyncConnection(
    connection: NativeConnection,
    prefix: string,
    data: Uint8Array,
    countLines: boolean,
  ): Promise<NativeInsert>;
  StreamQuery(connection: NativeConnection, sql: string, format: string): NativeStream;
  StreamFetch(stream: NativeStream): Promise<NativeChunk>;
  StreamCancel(stream: NativeStream): void;
}

/** Loads the addon from the package that `chdb` installed for this platform. @param packageName for example `@chdb/lib-linux-x64-gnu` */
export function loadNative(packageName: string): Native {
  const fromHere = createRequire(import.meta.url);
  const fromChdb = createRequire(fromHere.resolve('chdb/package.json'));
  return fromChdb(packageName) as Native;
}
