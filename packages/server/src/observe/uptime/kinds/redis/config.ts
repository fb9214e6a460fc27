import { z } from 'zod';
import type { Secret } from '../../../../lib/secret.ts';
import { commonKeys, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';

/** A Redis, or a server that speaks its protocol, that must answer PING. */
export interface RedisMonitorConfig extends MonitorBase {
  kind: 'redis';
  host: string;
  port: number;
  tls: boolean;
  username: string | null;
  password: Secret | null;
  /** Number of the database to select; null = the server's default. */
  database: number | null;
}

/** An item of `monitors:` of kind redis, as written. */
export const redisMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('redis'),
  url: z.string().describe('redis://user:password@host:port/database, or rediss:// over TLS'),
});

export function compileRedis(raw: z.infer<typeof redisMonitorShape>, compiler: MonitorCompiler): RedisMonitorConfig {
  const { text, url } = compiler.secretAddress(raw.url, ['url'], ['redis:', 'rediss:']);
  const database = /^\/(\d+)$/.exec(url.pathname)?.[1];
  return {
    kind: 'redis',
    ...compiler.base(raw, { url: text, target: text }),
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    tls: url.protocol === 'rediss:',
    username: url.username === '' ? null : decodeURIComponent(url.username),
    password: url.password === '' ? null : compiler.secret(decodeURIComponent(url.password), ['url']),
    database: database === undefined ? null : Number(database),
  };
}
