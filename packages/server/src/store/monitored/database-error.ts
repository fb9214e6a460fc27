import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';

/** SQLSTATE classes and system errors that mean: the server cannot be reached, or not by us, or not now. */
const UNAVAILABLE =
  /^(08...|57P0[1-5]|53300|28...|3D000|ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN|ERR_TLS\w+|SELF_SIGNED\w+)$/;

/** Messages of the driver that carry no code. */
const CONNECTION_MESSAGE =
  /timeout expired|timeout exceeded|Connection terminated|not queryable|connection error|SSL|SASL|SCRAM/;

/** The limit of one role or database is reached, not that of the server. */
const OWN_LIMIT = /too many connections for/;

/**
 * Turns a failed connection into `database_unavailable`, or `too_many_connections` when the server has no slot left;
 * an error of a statement stays what it is, with its SQLSTATE in `code`.
 * @param address where its address stands, in words; default its url under databases
 */
export function asDatabaseError(name: string, error: unknown, address?: string): unknown {
  const code = codeOf(error) ?? '';
  const message = messageOf(error);
  if (!UNAVAILABLE.test(code) && !CONNECTION_MESSAGE.test(message)) return error;
  const isFull = code === '53300' && !OWN_LIMIT.test(message);
  return unavailable(name, error, isFull ? 'too_many_connections' : 'database_unavailable', address);
}

/** The error about a database that does not let us in. */
export function unavailable(
  name: string,
  error: unknown,
  code: 'database_unavailable' | 'too_many_connections' = 'database_unavailable',
  address = 'its url under databases',
): YumOpsError {
  return new YumOpsError(code, `The database "${name}" cannot be reached: ${messageOf(error)}`, {
    hint: `Check ${address}: host, port, user, password and database name.`,
    status: 503,
    cause: error,
  });
}
