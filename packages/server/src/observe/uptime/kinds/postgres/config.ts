import { z } from 'zod';
import type { Secret } from '../../../../lib/secret.ts';
import type { Assertion } from '../../assertion.ts';
import { commonKeys, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';
import type { PostgresLogin } from '../../ports.ts';

/** A Postgres database that must let us in and answer a query. */
export interface PostgresMonitorConfig extends MonitorBase {
  kind: 'postgres';
  login: Pick<PostgresLogin, 'host' | 'port' | 'user' | 'database' | 'tls'>;
  password: Secret | null;
  query: string;
  /** Demands on the first value of the first row, and on the time. */
  assertions: readonly Assertion[];
}

/** An item of `monitors:` of kind postgres, as written. */
export const postgresMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('postgres'),
  url: z.string().describe('postgres://user:password@host:port/database; use an environment reference or file:PATH'),
  query: z.string().min(1).optional().describe('Run without the right to write, default select 1'),
  assertions: z.array(z.string()).optional().describe('Demands on the first value of the first row: value > 0'),
});

export function compilePostgres(
  raw: z.infer<typeof postgresMonitorShape>,
  compiler: MonitorCompiler,
): PostgresMonitorConfig {
  const { text, url } = compiler.secretAddress(raw.url, ['url'], ['postgres:', 'postgresql:']);
  const user = decodeURIComponent(url.username) || 'postgres';
  return {
    kind: 'postgres',
    ...compiler.base(raw, { url: text, target: text }),
    login: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 5432),
      user,
      database: decodeURIComponent(url.pathname.slice(1)) || user,
      tls: tlsOf(url.searchParams.get('sslmode')),
    },
    password: url.password === '' ? null : compiler.secret(decodeURIComponent(url.password), ['url']),
    query: raw.query ?? 'select 1',
    assertions: compiler.assertions(raw.assertions, ['value', 'time']),
  };
}

/** `sslmode` as libpq reads it; where it says "if possible", the connection is not encrypted. */
function tlsOf(mode: string | null): PostgresLogin['tls'] {
  if (mode === 'verify-ca' || mode === 'verify-full') return 'verify';
  return mode === 'require' ? 'require' : 'off';
}
