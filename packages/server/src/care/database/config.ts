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
  exclude: z.array(z.string()).optional().describe('Keys of findings of `yumops db check` that are not shown'),
  thresholds: thresholdsShape
    .optional()
    .describe('From where on something is a finding; seconds, bytes, or shares from 0 to 1'),
});

export type RawDatabase = z.infer<typeof databaseShape>;

function readAddress(text: string, path: ConfigPath, secret: SecretReader, report: Report): ConfiguredSecret {
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
    thresholds: Object.fromEntries(
      thresholdNames.map((name) => [name, raw.thresholds?.[name] ?? DEFAULT_THRESHOLDS[name]]),
    ) as Record<ThresholdName, number>,
  };
}
