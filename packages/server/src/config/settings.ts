import { resolve } from 'node:path';
import { YumOpsError } from '../lib/errors.ts';
import type { LogLevel } from '../lib/log.ts';
import { type Roles, readRoles } from './roles.ts';

/** What flags and environment decide before any file is read. Flags win over the environment. */
export interface Settings {
  /** Folder or file given by the operator; undefined = `yumops.yml` of the working folder if there is one. */
  config: string | undefined;
  dataDir: string;
  /** Whether somebody named the data folder, rather than leaving it at `.yumops` of the working folder. */
  dataNamed: boolean;
  host: string;
  port: number;
  /** What this instance does; all of it unless somebody says otherwise. */
  roles: Roles;
  /** URLs of external stores; undefined = as the configuration file says, else embedded. */
  stateUrl: string | undefined;
  telemetryUrl: string | undefined;
  blobUrl: string | undefined;
  counterUrl: string | undefined;
  /** Preset secrets for automation. */
  ingestKey: string | undefined;
  adminToken: string | undefined;
  secretKey: string | undefined;
  /** Keys before it, the newest first: they open what was stored under them. */
  previousSecretKeys: readonly string[];
  logLevel: LogLevel;
  /** The whole environment, for `${NAME}` in configuration files. */
  env: Readonly<Record<string, string | undefined>>;
}

/** The flags that `yumops start` and the commands beside it share. */
export interface SettingFlags {
  config?: string | undefined;
  data?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  roles?: string | undefined;
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new YumOpsError('wrong_use', `"${text}" is not a port.`, {
    hint: 'Give a number from 0 to 65535.',
    status: 400,
  });
}

function readSecret(name: string, value: string | undefined, minimum: number): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (value.length >= minimum) return value;
  throw new YumOpsError('secret_too_short', `${name} has fewer than ${minimum} characters.`, {
    hint: `Make one with \`openssl rand -hex ${Math.ceil(minimum / 2)}\`.`,
    status: 400,
  });
}

const LOG_LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies LogLevel[];

function readLogLevel(text = 'warn'): LogLevel {
  if (LOG_LEVELS.includes(text)) return text as LogLevel;
  throw new YumOpsError('wrong_use', `YUMOPS_LOG_LEVEL is "${text}".`, {
    hint: `It is one of ${LOG_LEVELS.join(', ')}.`,
    status: 400,
  });
}

/**
 * Reads the settings.
 * @param env usually `process.env`
 * @throws YumOpsError `wrong_use`, `secret_too_short`
 */
export function readSettings(flags: SettingFlags, env: Settings['env'] = process.env): Settings {
  return {
    config: flags.config ?? env.YUMOPS_CONFIG,
    dataDir: resolve(flags.data ?? env.YUMOPS_DATA ?? '.yumops'),
    dataNamed: (flags.data ?? env.YUMOPS_DATA) !== undefined,
    host: flags.host ?? env.YUMOPS_HOST ?? '127.0.0.1',
    port: readPort(flags.port ?? env.YUMOPS_PORT ?? '4600'),
    roles: readRoles(flags.roles ?? env.YUMOPS_ROLE),
    stateUrl: env.YUMOPS_STATE_URL || undefined,
    telemetryUrl: env.YUMOPS_TELEMETRY_URL || undefined,
    blobUrl: env.YUMOPS_BLOB_URL || undefined,
    counterUrl: env.YUMOPS_COUNTER_URL || undefined,
    ingestKey: readSecret('YUMOPS_INGEST_KEY', env.YUMOPS_INGEST_KEY, 32),
    adminToken: readSecret('YUMOPS_ADMIN_TOKEN', env.YUMOPS_ADMIN_TOKEN, 16),
    secretKey: readSecret('YUMOPS_SECRET_KEY', env.YUMOPS_SECRET_KEY, 32),
    previousSecretKeys: (env.YUMOPS_SECRET_KEY_PREVIOUS ?? '')
      .split(',')
      .flatMap((key) => readSecret('YUMOPS_SECRET_KEY_PREVIOUS', key.trim(), 32) ?? []),
    logLevel: readLogLevel(env.YUMOPS_LOG_LEVEL),
    env,
  };
}
