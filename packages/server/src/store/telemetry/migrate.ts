import { splitStatements } from '../../lib/clickhouse-tokens.ts';
import type { Db } from '../../lib/db.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { type Migration, readMigrations, schemaFolder } from '../migrations/migration-files.ts';
import { pendingMigrations } from '../migrations/pending.ts';
import { clickhouseCode } from './telemetry-error.ts';

export interface MigrateTelemetryOptions {
  folder?: string;
  /** The state store, whose lock keeps several platforms from migrating one server at once. */
  db?: Db;
}

interface Step {
  number: number;
  name: string;
  checksum: string;
  /** Statements done; the file is applied when it equals `steps`. */
  step: number;
  steps: number;
}

/** The advisory lock of telemetry migrations: 'YUMT' in ASCII. */
const LOCK = 0x59554d54;

/** "Exists already" and "is gone already": what a statement meets that was done, but not noted, before a crash. */
const DONE_BEFORE = new Set([57, 15, 44, 10, 16, 82]);

/**
 * Brings the telemetry store to this release's schema. There are no transactions there: every statement is noted
 * when it is done, and an interrupted file goes on where it stopped. @returns the names of the files applied
 */
export async function migrateTelemetry(
  telemetry: TelemetryStore,
  options: MigrateTelemetryOptions = {},
): Promise<string[]> {
  const { folder = schemaFolder('telemetry'), db } = options;
  const known = await readMigrations(folder);
  if (!db) return applyAll(telemetry, known);
  return db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    return applyAll(telemetry, known);
  });
}

async function applyAll(telemetry: TelemetryStore, known: readonly Migration[]): Promise<string[]> {
  const steps = await furthestSteps(telemetry);
  const applied = steps.filter(({ step, steps: all }) => step === all);
  const pending = pendingMigrations('telemetry', known, applied);
  for (const migration of pending) {
    const begun = steps.find(({ number, checksum }) => number === migration.number && checksum === migration.checksum);
    await apply(telemetry, migration, begun);
  }
  return pending.map(({ name }) => name);
}

async function apply(telemetry: TelemetryStore, migration: Migration, begun: Step | undefined): Promise<void> {
  const statements = splitStatements(migration.sql);
  if (!begun) await note(telemetry, migration, 0, statements.length);
  for (let step = begun?.step ?? 0; step < statements.length; step++) {
    try {
      await telemetry.command(statements[step] as string);
    } catch (error) {
      const maybeDone = begun !== undefined && step === begun.step;
      if (!maybeDone || !DONE_BEFORE.has(clickhouseCode(error) ?? -1)) throw error;
    }
    await note(telemetry, migration, step + 1, statements.length);
  }
}

async function furthestSteps(telemetry: TelemetryStore): Promise<Step[]> {
  await telemetry.command(`CREATE TABLE IF NOT EXISTS schema_migrations (
    number UInt32, name String, checksum String, step UInt32, steps UInt32, noted DateTime64(3, 'UTC') DEFAULT now64(3)
  ) ENGINE = MergeTree ORDER BY (number, step)`);
  return telemetry.query<Step>(
    'SELECT number, name, checksum, step, steps FROM schema_migrations ORDER BY number, step DESC LIMIT 1 BY number',
  );
}

function note(
  telemetry: TelemetryStore,
  { number, name, checksum }: Migration,
  step: number,
  steps: number,
): Promise<void> {
  return telemetry.command(
    `INSERT INTO schema_migrations (number, name, checksum, step, steps)
     SELECT {number:UInt32}, {name:String}, {checksum:String}, {step:UInt32}, {steps:UInt32}`,
    { number, name, checksum, step, steps },
  );
}
