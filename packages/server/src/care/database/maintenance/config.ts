import { z } from 'zod';
import { scheduleProblem } from '../../../lib/cron.ts';
import { type Placed, type Report, within } from '../../../lib/finding.ts';
import { didYouMean } from '../../../lib/nearest.ts';
import type { Secret, SecretReader } from '../../../lib/secret.ts';
import { durationShape, readDuration } from '../../../lib/section.ts';
import { readAddress } from '../config.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

const policyShape = z.strictObject({
  table: z.string().min(1).describe('Table, with its schema where that is not public'),
  column: z.string().min(1).describe('Column with the age of a row: a date or a timestamp'),
  keep: durationShape.describe('How long a row is kept, such as 30d'),
  file_column: z.string().min(1).optional().describe('Column with the path of a file that is removed with its row'),
  file_folder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder that paths of files count from and that no removed file may lie outside of; without it relative paths count from the configuration',
    ),
});

/** `maintenance:` as written. */
export const maintenanceShape = z.strictObject({
  database: z.string().optional().describe('Name under databases; default the only one'),
  url: z
    .string()
    .optional()
    .describe('postgres:// of the role that owns the tables, past any pooler; default the url of the database'),
  schedule: z.string().optional().describe('When it runs, as a cron expression, default "0 2 * * *"'),
  time_zone: z.string().optional().describe('Zone of schedule, default UTC'),
  jitter: durationShape.optional().describe('The start is put off by a random time up to this, default 0'),
  window: durationShape.optional().describe('No action begins later than this after the start, default 4h'),
  enabled: z.boolean().optional().describe('Whether the schedule runs, default true'),
  retention: z.array(policyShape).optional().describe('Rows older than this are removed, with their files'),
  lock_timeout: durationShape.optional().describe('Longest wait for a lock, default 2s'),
  lock_retries: z.number().int().min(0).max(100).optional().describe('How often a lock is asked for again, default 5'),
  batch: z.number().int().min(1).max(100_000).optional().describe('Rows that are removed at once, default 1000'),
  pause: durationShape.optional().describe('Pause between two batches, default 50ms'),
  max_active_sessions: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Sessions at work above which a run waits, default 50'),
  max_replica_lag: durationShape.optional().describe('Lag of a standby above which a run waits, default 30s'),
  patience: durationShape
    .optional()
    .describe('How long a run waits for a busy server, a dump or an old transaction, default 5m'),
  validate_constraints: z
    .boolean()
    .optional()
    .describe('Whether a constraint that no row breaks is validated without being asked, default false'),
});

export type RawMaintenance = z.infer<typeof maintenanceShape>;

/** A policy of retention as configured; its folder may be relative to the configuration. */
export interface PolicyConfig {
  table: string;
  column: string;
  keepMs: number;
  fileColumn: string | null;
  fileFolder: string | null;
}

/** How the upkeep of a database is set up. Times are in milliseconds. */
export interface MaintenanceConfig {
  /** Name of the database; null = the only one. */
  database: string | null;
  /** The address under which it works; null = that of the database. */
  url: Secret | null;
  /** Why that address must not be used, else null. */
  broken: string | null;
  /** False when the section is not there: then only commands start it. */
  scheduled: boolean;
  schedule: string;
  timeZone: string;
  jitterMs: number;
  windowMs: number;
  retention: readonly PolicyConfig[];
  lockTimeoutMs: number;
  lockRetries: number;
  batch: number;
  pauseMs: number;
  maxActiveSessions: number;
  maxReplicaLagMs: number;
  patienceMs: number;
  validateConstraints: boolean;
}

const DEFAULT_SCHEDULE = '0 2 * * *';
const HOUR = 3_600_000;

function compilePolicies(raw: RawMaintenance, report: Report): PolicyConfig[] {
  return (raw.retention ?? []).flatMap((policy, index) => {
    const at = within(report, 'retention', index);
    const keepMs = readDuration(policy.keep, ['keep'], at, 1_000);
    if (keepMs === undefined) return [];
    const { table, column, file_column: fileColumn = null, file_folder: fileFolder = null } = policy;
    return [{ table, column, keepMs, fileColumn, fileFolder }];
  });
}

function lintDatabase(name: string | undefined, databases: readonly string[], used: boolean, report: Report): void {
  if (name !== undefined && !databases.includes(name)) {
    const suggestion = didYouMean(name, databases) ?? `there are: ${databases.join(', ') || 'none'}`;
    report({ code: 'E114', path: ['database'], message: `there is no database "${name}"`, suggestion });
  } else if (name === undefined && used && databases.length > 1) {
    const message = 'there are several databases, and it is not said which one is meant';
    report({ code: 'E103', path: [], message, suggestion: `write database: ${databases[0]}` });
  }
}

/** Compiles `maintenance:`; paths count from that key. */
export function compileMaintenance(
  { value: raw, report }: Placed<RawMaintenance>,
  databases: readonly string[],
  secret: SecretReader,
): MaintenanceConfig {
  const used = Object.keys(raw).length > 0;
  lintDatabase(raw.database, databases, used, report);
  const schedule = raw.schedule ?? DEFAULT_SCHEDULE;
  const timeZone = raw.time_zone ?? 'UTC';
  const problem = scheduleProblem(schedule, timeZone);
  if (problem !== null) report({ code: problem.path[0] === 'time_zone' ? 'E302' : 'E103', ...problem });
  const address = raw.url === undefined ? null : readAddress(raw.url, ['url'], secret, report);
  const time = (key: keyof RawMaintenance, otherwise: number) =>
    readDuration(raw[key] as string | number | undefined, [key], report) ?? otherwise;
  return {
    database: raw.database ?? null,
    url: address?.secret ?? null,
    broken: address?.broken ?? null,
    scheduled: used && raw.enabled !== false,
    schedule,
    timeZone,
    jitterMs: time('jitter', 0),
    windowMs: time('window', 4 * HOUR),
    retention: compilePolicies(raw, report),
    lockTimeoutMs: time('lock_timeout', DEFAULT_SETTINGS.lockTimeout),
    lockRetries: raw.lock_retries ?? DEFAULT_SETTINGS.lockRetries,
    batch: raw.batch ?? DEFAULT_SETTINGS.batch,
    pauseMs: time('pause', DEFAULT_SETTINGS.pause),
    maxActiveSessions: raw.max_active_sessions ?? DEFAULT_SETTINGS.maxActiveSessions,
    maxReplicaLagMs: time('max_replica_lag', DEFAULT_SETTINGS.maxReplicaLag),
    patienceMs: time('patience', DEFAULT_SETTINGS.patience),
    validateConstraints: raw.validate_constraints ?? DEFAULT_SETTINGS.validateConstraints,
  };
}
