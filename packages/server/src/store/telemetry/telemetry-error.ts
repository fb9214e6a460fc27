import { ClickHouseError } from '@clickhouse/client';
import { messageOf, YumOpsError } from '../../lib/errors.ts';

/**
 * ClickHouse's numbers of errors that another attempt may not meet: limits of memory, time, disk and parts, a server
 * that stops or reads only, its network and its Keeper, and authentication, which an operator can mend.
 */
const PASSING = new Set([
  159, 160, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 335, 394, 425, 516, 999,
]);

/** Limits of time, memory, rows and bytes that a query was given. */
const LIMITS = new Set([158, 159, 160, 241, 307, 396]);

const CANCELLED = 394;

/** Errors in the text of a statement, found before a row is read: what the engine says of them names no value of a row. */
const IN_THE_TEXT = new Set([34, 35, 42, 43, 46, 47, 60, 62, 63, 179, 184, 207, 215, 258, 386]);

/** What somebody who does not see every row hears in place of the engine's words, which quote values of rows. */
const WHILE_READING = 'it fails while rows are read; functions such as toUInt64OrNull give null instead';

/**
 * Names what went wrong with an insert or a change: `telemetry_unavailable` (try the same again later) or
 * `telemetry_rejected` (the same will fail again). ClickHouse's number stays in the message and in `cause`.
 * @param words what the store says of it
 */
export function asTelemetryError(error: unknown, words = said(error)): YumOpsError {
  if (error instanceof YumOpsError) return error;
  const code = clickhouseCode(error);
  if (code === undefined) {
    return unavailable(`The telemetry store cannot be reached: ${messageOf(error)}`, error);
  }
  if (PASSING.has(code)) return unavailable(`The telemetry store cannot do this now: ${words}`, error);
  return new YumOpsError('telemetry_rejected', `The telemetry store refuses this: ${words}`, {
    status: 400,
    cause: error,
  });
}

interface QueryErrorOptions {
  signal?: AbortSignal | undefined;
  discreet?: boolean;
}

/**
 * As `asTelemetryError`, for a query: one that was cancelled is `query_cancelled`, and one that ran into its limits is
 * `query_limit`, because it would do so again.
 * @param discreet for somebody who does not see every row
 */
export function asQueryError(error: unknown, { signal, discreet = false }: QueryErrorOptions = {}): YumOpsError {
  const code = clickhouseCode(error);
  const words = discreet && code !== undefined && !IN_THE_TEXT.has(code) ? WHILE_READING : said(error);
  if (signal?.aborted || code === CANCELLED) {
    return new YumOpsError('query_cancelled', 'The query was cancelled.', { status: 499, cause: error });
  }
  if (code === undefined || !LIMITS.has(code)) return asTelemetryError(error, words);
  return new YumOpsError('query_limit', `The query needs more than it may use in the telemetry store: ${words}`, {
    hint: 'Ask for a shorter time, fewer columns or fewer groups.',
    status: 422,
    cause: error,
  });
}

/** ClickHouse's error number behind an error of the telemetry store, such as 60 for an unknown table. */
export function clickhouseCode(error: unknown): number | undefined {
  const cause = error instanceof YumOpsError ? error.cause : error;
  return cause instanceof ClickHouseError ? Number(cause.code) : undefined;
}

function said(error: unknown): string {
  const type = error instanceof ClickHouseError ? error.type : undefined;
  return `${messageOf(error).trim()} (${[clickhouseCode(error), type].filter(Boolean).join(' ')})`;
}

function unavailable(message: string, cause: unknown): YumOpsError {
  return new YumOpsError('telemetry_unavailable', message, { status: 503, retryAfter: 1, cause });
}
