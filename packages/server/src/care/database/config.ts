import { z } from 'zod';
import { type ConfigPath, type Report, within } from '../../lib/finding.ts';
import type { ConfiguredSecret, Secret, SecretReader } from '../../lib/secret.ts';
import { DEFAULT_THRESHOLDS, type ThresholdName, type Thresholds } from './thresholds.ts';

/** How a database is run: `supabase` has no superuser and schemas that the host manages. */
export type DatabaseProfile = 'plain' | 'supabase';

/** A database of the operator that is watched and cared for. */
export interface DatabaseConfig {
  name: string;
  url: Secret;
  /** Why the address must not be used, else null. */
  broken: string | null;
  profile: DatabaseProfile;
  /** Keys of findings that are not shown. */
  exclude: readonly string[];
  thresholds: Thresholds;
  /** Bytes of the disk that its server is on; null = seen where the server is on this machine. */
  capacity: number | null;
}

const thresholdNames = Object.keys(DEFAULT_THRESHOLDS) as ThresholdName[];

const thresholdsShape = z.strictObject(
  Object.fromEntries(
    thresholdNames.map((name) => [
      name,
      z.number().nonnegative().optional().describe(`Default ${DEFAULT_THRESHOLDS[name]}`),
    ]),
  ) as Record<ThresholdName, z.ZodOptional<z.ZodNumber>>,
);

/** An item of `databases:` as written. */
export const databaseShape = z.strictObject({
  name: z.string().min(1).describe('How commands, rules and backups call it'),
  url: z.string().describe('postgres:// with user and password; use an environment reference or file:PATH'),
  profile: z.enum(['plain', 'supabase']).optional().describe('How it is run, default plain'),
  disk_size: z
    .string()
    .optional()
    .describe('Size of the disk of its server, such as 200GB; seen by itself where the server is on this machine'),
  exclude: z.array(z.string()).optional().describe('Keys of findings of `yumops db check` that are not shown'),
  thresholds: thresholdsShape
    .optional()
    .describe('From where on something is a finding; seconds, bytes, or shares from 0 to 1'),
});

const SIZE_UNITS: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

function readSize(text: string | undefined, report: Report): number | null {
  if (text === undefined) return null;
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b)\s*$/i.exec(text) ?? [];
  const factor = SIZE_UNITS[unit?.toUpperCase() ?? ''];
  if (factor !== undefined && Number(number) > 0) return Number(number) * factor;
  report({
    code: 'E103',
    path: ['disk_size'],
    message: `"${text}" is not a size`,
    suggestion: 'write for example 200GB',
  });
  return null;
}

export type RawDatabase = z.infer<typeof databaseShape>;

/** Reads the address of a Postgres database; reports E103 where it is none. */
export function readAddress(text: string, path: ConfigPath, secret: SecretReader, report: Report): ConfiguredSecret {
  const read = secret(text, path);
  if (read.broken !== null) return read;
  const url = read.secret.reveal();
  if (URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol)) return read;
  const suggestion = 'write postgres://user:password@host/database';
  report({ code: 'E103', path, message: 'this is not the address of a Postgres database', suggestion });
  return { ...read, broken: 'its address is not valid' };
}

/** Compiles an item of `databases:`; paths count from the item. */
export function compileDatabase(raw: RawDatabase, secret: SecretReader, report: Report): DatabaseConfig {
  const { secret: url, broken } = readAddress(raw.url, ['url'], secret, within(report));
  return {
    name: raw.name,
    url,
    broken,
    profile: raw.profile ?? 'plain',
    exclude: raw.exclude ?? [],
    capacity: readSize(raw.disk_size, report),
    thresholds: Object.fromEntries(
      thresholdNames.map((name) => [name, raw.thresholds?.[name] ?? DEFAULT_THRESHOLDS[name]]),
    ) as Record<ThresholdName, number>,
  };
}
