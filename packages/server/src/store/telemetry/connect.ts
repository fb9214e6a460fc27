import { Readable } from 'node:stream';
import { ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';
import type { QueryLimits, TelemetryStore } from '../../lib/telemetry.ts';
import { createRowFilters } from './row-filters.ts';
import { asQueryError, asTelemetryError } from './telemetry-error.ts';

/** The telemetry store with its connections. */
export interface ConnectedTelemetry extends TelemetryStore {
  /** @throws {YumOpsError} `telemetry_unavailable` */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Seconds. */
const DEFAULT_LIMIT = 30;
/** Seconds; a schema change may rewrite data. */
const COMMAND_LIMIT = 600;
/** Milliseconds until an answer is given up; every statement has a limit of its own below this. */
const REQUEST_LIMIT = 660_000;
/** Seconds that a query's answer may be late: a store that hangs does not keep the limit that it was given. */
const LATENESS = 5;
/** Bytes that one statement of a user may take in the engine. */
const READ_MEMORY = 512 * 1024 * 1024;

/** Settings of every statement of ours. */
const COMMON: ClickHouseSettings = {
  output_format_json_quote_64bit_integers: 0,
  date_time_output_format: 'iso',
};

/**
 * Opens the telemetry store: the embedded engine or any ClickHouse server.
 * @param url `http(s)://user:password@host:port/database`
 */
export function connectTelemetry(url: string): ConnectedTelemetry {
  const client = createClient({
    url,
    application: 'yumops',
    request_timeout: REQUEST_LIMIT,
    max_open_connections: 20,
    // Errors are thrown; the client's log would repeat them.
    log: { level: ClickHouseLogLevel.OFF },
  });
  const select = async (
    sql: string,
    settings: ClickHouseSettings,
    limits: QueryLimits,
    params?: Record<string, unknown>,
  ) =>
    inTime(limits, async (signal) => {
      const result = await client.query({
        query: sql,
        format: 'JSONCompact',
        clickhouse_settings: { ...COMMON, ...settings },
        abort_signal: signal,
        ...(params ? { query_params: params } : {}),
      });
      return result.json<unknown[]>();
    });
  /** @param filters settings that leave rows out; whoever reads with them hears no values of rows in errors */
  const reading = (filters?: () => Promise<ClickHouseSettings>): Pick<TelemetryStore, 'query' | 'read'> => ({
    query: <Row>(sql: string, params?: Record<string, unknown>, limits: QueryLimits = {}) =>
      translated(
        async () => {
          const settings = { ...timeLimit(limits), ...(await filters?.()) };
          const { meta = [], data } = await select(sql, settings, limits, params);
          const names = meta.map(({ name }) => name);
          return data.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])) as Row);
        },
        { ...limits, discreet: filters !== undefined },
      ),
    read: (sql, limits) =>
      translated(
        async () => {
          const { meta = [], data } = await select(sql, { ...readLimits(limits), ...(await filters?.()) }, limits);
          return { columns: meta, rows: data.slice(0, limits.maxRows) };
        },
        { ...limits, discreet: filters !== undefined },
      ),
  });
  const whole = reading();
  const rowFilters = createRowFilters((sql, settings) => select(sql, settings, {}));
  const store: ConnectedTelemetry = {
    ...whole,
    within: (reach) => (reach === null ? store : { ...store, ...reading(() => rowFilters(reach)) }),
    command: (sql, params) =>
      translated(async () => {
        await client.command({
          query: sql,
          clickhouse_settings: { max_execution_time: COMMAND_LIMIT },
          ...(params ? { query_params: params } : {}),
        });
      }),
    insert: (table, rows, { token, rowCount }) =>
      translated(async () => {
        const { stream } = await client.exec({
          query: `INSERT INTO ${quoteTable(table)} FORMAT JSONEachRow`,
          values: Readable.from([rows]),
          clickhouse_settings: insertSettings(token, rowCount),
        });
        await stream.resume().toArray();
      }),
    ping: () =>
      translated(async () => {
        const result = await client.ping({ select: true });
        if (!result.success) throw result.error;
      }),
    close: () => client.close(),
  };
  return store;
}

/** Runs `work` and gives its errors our names. @param query of a query; absent for everything else */
async function translated<T>(work: () => Promise<T>, query?: QueryLimits & { discreet: boolean }): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw query ? asQueryError(error, query) : asTelemetryError(error);
  }
}

/** Gives up an answer that does not come. */
async function inTime<T>(
  { maxSeconds = DEFAULT_LIMIT, signal }: QueryLimits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // The client listens for what is cancelled from now on; it would run to its limit what was cancelled before.
  signal?.throwIfAborted();
  const seconds = maxSeconds + LATENESS;
  const late = AbortSignal.timeout(seconds * 1_000);
  try {
    return await work(signal ? AbortSignal.any([signal, late]) : late);
  } catch (error) {
    throw late.aborted && !signal?.aborted ? new Error(`it did not answer within ${seconds} s`) : error;
  }
}

function timeLimit({ maxSeconds = DEFAULT_LIMIT }: QueryLimits): ClickHouseSettings {
  return { max_execution_time: maxSeconds, cancel_http_readonly_queries_on_client_close: 1 };
}

/** `break` ends the result at the limit instead of failing; the block in hand may go a little over. */
function readLimits(limits: QueryLimits & { maxRows: number; maxBytes: number }): ClickHouseSettings {
  return {
    ...timeLimit(limits),
    max_result_rows: String(limits.maxRows),
    max_result_bytes: String(limits.maxBytes),
    result_overflow_mode: 'break',
    max_memory_usage: String(READ_MEMORY),
    readonly: '1',
  };
}

/** One batch must be one block, or its token would protect only a part of it. */
function insertSettings(token: string, rowCount: number): ClickHouseSettings {
  const rows = String(Math.max(rowCount, 1));
  return {
    async_insert: 0,
    insert_deduplicate: 1,
    insert_deduplication_token: token,
    deduplicate_blocks_in_dependent_materialized_views: 1,
    max_insert_block_size: rows,
    min_insert_block_size_rows: rows,
    min_insert_block_size_bytes: '0',
    date_time_input_format: 'best_effort',
    input_format_skip_unknown_fields: 0,
    max_execution_time: COMMAND_LIMIT,
  };
}

function quoteTable(table: string): string {
  return table
    .split('.')
    .map((part) => `\`${part.replaceAll('`', '\\`')}\``)
    .join('.');
}
