import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';

/** SQLSTATE classes and system errors that mean: the server cannot be reached, or not now. */
const UNAVAILABLE = /^(08...|57P0[123]|53300|28...|3D000|ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)$/;

/** Messages of the driver that carry no code. */
const CONNECTION_MESSAGE =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/**
 * Turns a failed connection into `state_unavailable`; an error of a statement stays what it is, with its SQLSTATE in
 * `code` (`23505` for a duplicate key).
 */
export function asStateError(error: unknown): unknown {
  const message = messageOf(error);
  if (!UNAVAILABLE.test(codeOf(error) ?? '') && !CONNECTION_MESSAGE.test(message)) return error;
  return new YumOpsError('state_unavailable', `The state store cannot be reached: ${message}`, {
    hint: 'Check that PostgreSQL runs and that YUMOPS_STATE_URL names it with the right user and password.',
    status: 503,
    retryAfter: 5,
    cause: error,
  });
}
