import { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import pg from 'pg';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import type { PostgresLogin, PostgresProbe, PostgresSession } from '../../observe/uptime/index.ts';

/** Logs in to monitored Postgres servers with the `pg` driver; every session has a connection of its own. */
export const postgresProbe: PostgresProbe = {
  async open(login, signal) {
    signal.throwIfAborted();
    const socket = new Socket();
    const client = new pg.Client({ ...optionsOf(login), stream: () => socket });
    client.on('error', () => undefined);
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const close = () => {
      signal.removeEventListener('abort', onAbort);
      client.end().catch(() => undefined);
      socket.destroySoon();
    };
    try {
      await client.connect();
    } catch (error) {
      close();
      throw signal.aborted ? signal.reason : refusal(login, error);
    }
    return { firstValue: (query, limitMs) => firstValue(client, query, limitMs, signal), close };
  },
};

function optionsOf(login: PostgresLogin): pg.ClientConfig {
  const { address, host, port, user, database, tls, ca } = login;
  const trust = ca.length > 0 ? { ca: [...rootCertificates, ...ca] } : {};
  return {
    host: address,
    port,
    user,
    database,
    password: login.password ?? '',
    application_name: 'yumops uptime',
    ssl: tls === 'off' ? false : { ...trust, servername: host, rejectUnauthorized: tls === 'verify' },
  };
}

async function firstValue(
  client: pg.Client,
  query: string,
  limitMs: number,
  signal: AbortSignal,
): ReturnType<PostgresSession['firstValue']> {
  try {
    await client.query(`BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = ${Math.ceil(limitMs)}`);
    const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
    await client.query('ROLLBACK');
    return rows[0]?.[0];
  } catch (error) {
    throw signal.aborted ? signal.reason : queryFailure(error);
  }
}

function queryFailure(error: unknown): YumOpsError {
  return new YumOpsError('query_failed', `The query failed: ${messageOf(error)}.`, { cause: error });
}

const NETWORK: Record<string, string> = {
  ECONNREFUSED: 'was refused',
  ECONNRESET: 'was reset',
  ETIMEDOUT: 'got no answer',
  EHOSTUNREACH: 'failed: no route to the host',
  ENETUNREACH: 'failed: the network is unreachable',
};

/** Errors of Postgres have a code of five characters; they say what is wrong with the login. */
function refusal({ address, port, host }: PostgresLogin, error: unknown): YumOpsError {
  const code = codeOf(error) ?? '';
  const where = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  if (/^[0-9A-Z]{5}$/.test(code)) {
    return new YumOpsError('login_refused', `The login at ${where} was refused: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new YumOpsError(
      'certificate_distrusted',
      `The certificate of ${host} is not trusted: ${messageOf(error)}.`,
      {
        cause: error,
      },
    );
  }
  const reason = NETWORK[code] ?? `failed: ${messageOf(error)}`;
  return new YumOpsError('connect_failed', `The connection to ${where} ${reason}.`, { cause: error });
}
