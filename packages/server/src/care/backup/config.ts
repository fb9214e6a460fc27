import { z } from 'zod';
import { scheduleProblem } from '../../lib/cron.ts';
import type { ConfigPath, Report } from '../../lib/finding.ts';
import { type ConfiguredSecret, missingVariable, Secret, type SecretReader } from '../../lib/secret.ts';
import { durationShape, readDuration } from '../../lib/section.ts';
import { DAY_MS } from '../../lib/zoned-time.ts';
import type { BackupTier } from './manifest.ts';
import { folderOf, SELF } from './repository.ts';

/** How many backups are kept: the newest good one of each of so many days, ISO weeks and months that have one. */
export interface BackupRetention {
  daily: number;
  weekly: number;
  monthly: number;
}

/** A column whose values name files that belong to the rows. */
export interface FileColumn {
  /** `table` or `schema.table`. */
  table: string;
  column: string;
  /** The folder that relative values count from; undefined = that of the configuration, or any source. */
  folder?: string;
}

/** Whether rows are hashed when a backup is made: all, a sample of large tables, none, or all up to 10 GB. */
export type RowHash = 'auto' | 'all' | 'sample' | 'off';

/** A second store, which gets a copy of every backup and keeps, locks and prunes it by rules of its own. */
export interface CopyDestination {
  /** How commands call it: `--from NAME`. */
  name: string;
  url: ConfiguredSecret;
  /** URL of the same store with credentials that may delete, where the others may only write. */
  pruneUrl: ConfiguredSecret | null;
  /** Milliseconds for which copies are locked where the store can; null = not at all. */
  lockMs: number | null;
  retention: BackupRetention;
}

/** What the store of the backups themselves is called where a destination is named. */
export const FIRST = 'first';

/** A backup of the configuration. */
export interface BackupConfig {
  name: string;
  /** Name under `databases:`; null = files and settings alone. */
  database: string | null;
  /** The address under which it reads the database; null = that of the database. */
  url: ConfiguredSecret | null;
  /** Schemas of the database that the logical tier holds, in order; null = all. */
  schemas: readonly string[] | null;
  /** Folders, relative to the configuration, and URLs of buckets. */
  files: readonly string[];
  fileColumns: readonly FileColumn[];
  tiers: readonly BackupTier[];
  /** Cron expression of backups. */
  schedule: string;
  timeZone: string;
  retention: BackupRetention;
  /** Content of the key file. */
  key: ConfiguredSecret;
  targets: { recoveryTimeMs: number; recoveryPointMs: number };
  /** Null = there is one store alone. */
  copyTo: CopyDestination | null;
  /** Milliseconds for which objects are locked where the store can; null = not at all. */
  lockMs: number | null;
  /** URL of the same store with credentials that may delete, where the others may only write. */
  pruneUrl: ConfiguredSecret | null;
  /** Milliseconds for which all WAL is kept (physical tier). */
  pitrWindowMs: number;
  /** Milliseconds after which a base backup is full again, where the server can make increments; 0 = each is full. */
  fullEveryMs: number;
  /** Increments after which a full base backup is put together in the store; 0 = never. */
  syntheticFullAfter: number;
  rowHash: RowHash;
  /** Works at once of a logical backup and of restoring one; null = what fits the machine and the tables. */
  jobs: number | null;
  /** A Postgres server on which backups may be tried, where the built-in one does not fit. */
  scratchUrl: ConfiguredSecret | null;
  /** Queries that must give rows on a restored copy. */
  smokeQueries: readonly string[];
}

const MINUTE_MS = 60_000;
const countShape = z.number().int().nonnegative();

const retentionShape = z.strictObject({
  daily: countShape.optional(),
  weekly: countShape.optional(),
  monthly: countShape.optional(),
});

const copyShape = z.strictObject({
  url: z.string().describe('file:./folder, s3://bucket/prefix or https://KEY:SECRET@host/bucket/prefix'),
  name: z.string().min(1).optional().describe('How commands call it (--from NAME), default second'),
  prune_url: z.string().optional().describe('The same store with credentials that may delete'),
  lock: durationShape.optional().describe('How long nobody can delete a copy, in stores with object lock'),
  retention: retentionShape.optional().describe('How many days, weeks and months keep a copy, default as the backup'),
});

/** `self_backup:` as written. */
export const selfBackupShape = z.strictObject({
  telemetry: z
    .boolean()
    .optional()
    .describe('Whether the embedded telemetry store is in the backup of YumOps itself too, default false'),
});

/** What the backup of YumOps itself holds besides its state, configuration and keys. */
export interface SelfBackupConfig {
  telemetry: boolean;
}

/** An item of `backups:` as written. */
export const backupShape = z.strictObject({
  name: z.string().min(1).describe('How commands and jobs call it'),
  database: z.string().optional().describe('Name under databases; without it files and settings alone'),
  url: z
    .string()
    .optional()
    .describe(
      'Postgres URL of a role that may read everything, and replicate for the physical tier; default that of the database',
    ),
  schemas: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Only these schemas of the database, by their exact names (logical tier); default all'),
  files: z.array(z.string()).optional().describe('Folders and s3://bucket/prefix whose files are backed up too'),
  file_columns: z
    .array(z.strictObject({ table: z.string(), column: z.string() }))
    .optional()
    .describe('Columns that name files; a backup without one of these files has failed'),
  tiers: z
    .array(z.enum(['logical', 'physical']))
    .min(1)
    .optional()
    .describe('logical = pg_dump; physical = base backup and WAL. Default logical'),
  schedule: z.string().optional().describe('When, as a cron expression, default "0 3 * * *"'),
  time_zone: z.string().optional().describe('Zone of the schedule and of the days of retention, default UTC'),
  retention: retentionShape.optional().describe('How many days, weeks and months keep a backup, default 30, 12 and 12'),
  key: z.string().describe('The backup key: file:PATH of what `yumops backup key create` wrote'),
  targets: z
    .strictObject({
      recovery_time: durationShape.optional().describe('Default 15m'),
      recovery_point: durationShape.optional().describe('Default 24h; 5m with the physical tier'),
    })
    .optional()
    .describe('What drills are measured against'),
  copy_to: z
    .union([z.string(), copyShape])
    .optional()
    .describe('A second store that gets a copy of every backup: its URL, or a map with url'),
  lock: durationShape
    .optional()
    .describe('How long nobody can delete a backup, in stores with object lock; default not at all'),
  prune_url: z
    .string()
    .optional()
    .describe('The same store with credentials that may delete, where those of stores.blobs may only write'),
  pitr_window: durationShape.optional().describe('How far back any moment can be restored (physical), default 7d'),
  full_every: durationShape
    .optional()
    .describe(
      'How often a base backup is full; those between hold what changed (physical, PostgreSQL 17+), default 7d; 0s = all',
    ),
  synthetic_full_after: countShape
    .optional()
    .describe(
      'After how many increments a full base backup is put together in the store, without reading the server (physical), default 20; 0 = never',
    ),
  row_hash: z
    .enum(['auto', 'all', 'sample', 'off'])
    .optional()
    .describe('Which rows are hashed, default all up to 10 GB'),
  jobs: z
    .number()
    .int()
    .min(1)
    .max(32)
    .optional()
    .describe(
      'How many pg_dump and pg_restore run at once, default one on two processors, else as many as processors and large tables, at most 4',
    ),
  scratch_url: z.string().optional().describe('A Postgres server for trial restores, default the built-in one'),
  smoke_queries: z.array(z.string()).optional().describe('Queries that must give rows on a restored copy'),
});

export type RawBackup = z.infer<typeof backupShape>;

/** What compiling an item of `backups:` needs of the rest of the configuration. */
export interface BackupContext {
  secret: SecretReader;
  databases: readonly string[];
}

/** Compiles an item of `backups:`; paths count from the item. */
export function compileBackup(raw: RawBackup, { secret, databases }: BackupContext, report: Report): BackupConfig {
  const { schedule = '0 3 * * *', time_zone: timeZone = 'UTC', tiers = ['logical'], jobs = null } = raw;
  const { row_hash: rowHash = 'auto', synthetic_full_after: syntheticFullAfter = 20 } = raw;
  const problem = scheduleProblem(schedule, timeZone);
  if (problem) report({ code: problem.path[0] === 'time_zone' ? 'E302' : 'E103', ...problem });
  if (folderOf(raw.name) === SELF) {
    const suggestion = 'give it another name';
    report({ code: 'E106', path: ['name'], message: `"${SELF}" is the backup of YumOps itself`, suggestion });
  }
  lintSources(raw, tiers, databases, report);
  const optional = (key: 'url' | 'scratch_url') => {
    const text = raw[key];
    return text === undefined ? null : secret(text, [key]);
  };
  const retention = { daily: 30, weekly: 12, monthly: 12, ...definedOf(raw.retention) };
  const target = (key: 'recovery_time' | 'recovery_point', usual: number) =>
    readDuration(raw.targets?.[key], ['targets', key], report, 1_000) ?? usual;
  return {
    name: raw.name,
    database: raw.database ?? null,
    url: optional('url'),
    schemas: raw.schemas === undefined ? null : [...new Set(raw.schemas)].sort(),
    files: raw.files ?? [],
    fileColumns: raw.file_columns ?? [],
    tiers: [...new Set(tiers)],
    schedule,
    timeZone,
    retention,
    key: secret(raw.key, ['key']),
    targets: {
      recoveryTimeMs: target('recovery_time', 15 * MINUTE_MS),
      recoveryPointMs: target('recovery_point', tiers.includes('physical') ? 5 * MINUTE_MS : DAY_MS),
    },
    copyTo: compileCopy(raw.copy_to, retention, secret, report),
    lockMs: readDuration(raw.lock, ['lock'], report, MINUTE_MS) ?? null,
    pruneUrl: raw.prune_url === undefined ? null : storeUrl(raw.prune_url, ['prune_url'], secret),
    pitrWindowMs: readDuration(raw.pitr_window, ['pitr_window'], report, MINUTE_MS) ?? 7 * DAY_MS,
    fullEveryMs: readDuration(raw.full_every, ['full_every'], report, 0) ?? 7 * DAY_MS,
    syntheticFullAfter,
    rowHash,
    jobs,
    scratchUrl: optional('scratch_url'),
    smokeQueries: raw.smoke_queries ?? [],
  };
}

/** The URL of a store: elsewhere `file:` names a file with the secret in it, here a folder. */
function storeUrl(text: string, path: ConfigPath, secret: SecretReader): ConfiguredSecret {
  if (!text.startsWith('file:') || missingVariable(text) !== undefined) return secret(text, path);
  return { secret: new Secret(text), broken: null };
}

function compileCopy(
  raw: RawBackup['copy_to'],
  usual: BackupRetention,
  secret: SecretReader,
  report: Report,
): CopyDestination | null {
  if (raw === undefined) return null;
  const isBare = typeof raw === 'string';
  const { url, name = 'second', prune_url: pruneUrl, lock, retention } = isBare ? { url: raw } : raw;
  if (name === FIRST) {
    const suggestion = 'give it another name, such as offsite';
    report({ code: 'E106', path: ['copy_to', 'name'], message: `"${FIRST}" is the store of the backups`, suggestion });
  }
  return {
    name,
    url: storeUrl(url, isBare ? ['copy_to'] : ['copy_to', 'url'], secret),
    pruneUrl: pruneUrl === undefined ? null : storeUrl(pruneUrl, ['copy_to', 'prune_url'], secret),
    lockMs: readDuration(lock, ['copy_to', 'lock'], report, MINUTE_MS) ?? null,
    retention: { ...usual, ...definedOf(retention) },
  };
}

/** What maintenance knows of files that belong to rows. */
export interface RetainedFiles {
  database: string | null;
  retention: readonly { table: string; fileColumn: string | null; fileFolder: string | null }[];
}

/**
 * A backup with the columns that maintenance deletes files by: what it would delete some day is to be in the backup until
 * then. A backup without files has nothing to hold them against.
 */
export function withRetainedFiles(config: BackupConfig, { database, retention }: RetainedFiles): BackupConfig {
  if (config.files.length === 0 || config.database === null || (database ?? config.database) !== config.database) {
    return config;
  }
  const known = new Set(config.fileColumns.map(({ table, column }) => `${table}.${column}`));
  const more = retention.flatMap(({ table, fileColumn, fileFolder }) =>
    fileColumn === null || known.has(`${table}.${fileColumn}`)
      ? []
      : [{ table, column: fileColumn, ...(fileFolder === null ? {} : { folder: fileFolder }) }],
  );
  return { ...config, fileColumns: [...config.fileColumns, ...more] };
}

function definedOf(raw: RawBackup['retention']): Partial<BackupRetention> {
  return Object.fromEntries(Object.entries(raw ?? {}).filter(([, count]) => count !== undefined));
}

function lintSources(raw: RawBackup, tiers: readonly BackupTier[], databases: readonly string[], report: Report): void {
  if (raw.database !== undefined && !databases.includes(raw.database)) {
    const suggestion = databases.length === 0 ? 'add it under databases' : `write one of ${databases.join(', ')}`;
    report({ code: 'E114', path: ['database'], message: `there is no database "${raw.database}"`, suggestion });
  }
  if (raw.schemas !== undefined && (raw.database === undefined || !tiers.includes('logical'))) {
    const suggestion = raw.database === undefined ? 'name a database' : 'add logical to tiers, or leave schemas out';
    report({ code: 'E103', path: ['schemas'], message: 'schemas are of the logical tier of a database', suggestion });
  }
  if (raw.database !== undefined) return;
  if (tiers.includes('physical')) {
    const suggestion = 'name a database, or write tiers: [logical]';
    report({ code: 'E103', path: ['tiers'], message: 'the physical tier needs a database', suggestion });
  } else if ((raw.files ?? []).length === 0) {
    const suggestion = 'name a database, or files';
    report({ code: 'E103', path: [], message: 'there is nothing to back up', suggestion });
  }
}
