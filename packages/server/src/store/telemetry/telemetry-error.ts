import { ClickHouseError } from '@clickhouse/client';
import { messageOf, YumOpsError } from '../../lib/errors.ts';

/**
 * ClickHouse's numbers of errors that another attempt may not meet: limits of memory, time, disk and parts, a server
 * that stops or reads only, its network and its Keeper, and authentication, which an operator can mend.
 */
const PASSING = new Set([
  159, 160, 164, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 335, 394, 425, 516, 999,
]);

/**
 * Names what went wrong: `telemetry_unavailable` (try the same again later) or `telemetry_rejected` (the same will
 * fail again). The number of ClickHouse's error stays in the message and in `cause`.
 */
export function asTelemetryError(error: unknown): YumOpsError {
  if (error instanceof YumOpsError) return error;
  if (!(error instanceof ClickHouseError)) {
    return unavailable(`The telemetry store cannot be reached: ${messageOf(error)}`, error);
  }
  const said = `${error.message.trim()} (${error.code} ${error.type ?? ''})`;
  if (PASSING.has(Number(error.code))) return unavailable(`The telemetry store cannot do this now: ${said}`, error);
  return new YumOpsError('telemetry_rejected', `The telemetry store refuses this: ${said}`, {
    status: 400,
    cause: error,
  });
}

function unavailable(message: string, cause: unknown): YumOpsError {
  return new YumOpsError('telemetry_unavailable', message, { status: 503, retryAfter: 1, cause });
}

/** ClickHouse's error number behind an error of the telemetry store, such as 60 for an unknown table. */
export function clickhouseCode(error: unknown): number | undefined {
  const cause = error instanceof YumOpsError ? error.cause : error;
  return cause instanceof ClickHouseError ? Number(cause.code) : undefined;
}
