import type { Clock } from '../../../lib/clock.ts';
import { codeOf } from '../../../lib/errors.ts';
import {
  type VerificationFinding,
  type VerificationLevel,
  type VerificationRecord,
  verificationPath,
} from '../catalogue.ts';
import type { PostgresClient, ProgressReport } from '../database.ts';
import type { Parallelism } from '../logical/split.ts';
import { type BackupManifest, manifestPath, readManifest } from '../manifest.ts';
import { readTables } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { dumpMajor } from '../restore/into-database.ts';
import { findingOf } from './findings.ts';
import { checkIndexes, checkQueries, checkRestores, checkRows, dropDatabase, type ScratchServers } from './restored.ts';
import { checkOpens, checkStored } from './stored.ts';

export interface VerifyDeps {
  repository: Repository;
  client: PostgresClient;
  scratch: ScratchServers;
  clock: Clock;
  /** Queries that must give rows. */
  smokeQueries: readonly string[];
  parallelism: Parallelism;
  progress: ProgressReport;
  signal: AbortSignal;
}

/** How the backups of a tier are verified beyond their objects. */
export interface TierChecks {
  /** Levels 0 and 1: what else must be in the store. */
  stored?: (manifest: BackupManifest, level: VerificationLevel) => Promise<VerificationFinding[]>;
  /** Levels 2 to 4. */
  trial: (manifest: BackupManifest, level: VerificationLevel) => Promise<TrialResult>;
}

export interface TrialResult {
  findings: VerificationFinding[];
  evidence: Record<string, unknown>;
  /** Milliseconds by phase. */
  phases: Record<string, number>;
}

/**
 * Verifies a backup up to a level, each of which includes those below, and stores the evidence beside it. What is
 * found at one level ends the climb.
 * @param checks of the tier; default those of the logical one
 * @throws YumOpsError `backup_unknown`, and what has nothing to do with the backup: a store that is away, a missing program
 */
export async function verifyBackup(
  deps: VerifyDeps,
  id: string,
  level: VerificationLevel,
  checks: TierChecks = { trial: (manifest, upTo) => tryDump(deps, manifest, upTo) },
): Promise<VerificationRecord> {
  const { repository, clock, progress, signal } = deps;
  const at = new Date(clock.now()).toISOString();
  const watch = new PhaseWatch(clock);
  const result: TrialResult = { findings: [], evidence: {}, phases: watch.phases };
  const manifest = await readManifest(repository, id).catch((error: unknown) => {
    if (codeOf(error) === 'backup_unknown') throw error;
    result.findings.push(findingOf(manifestPath(repository, id), error));
    return undefined;
  });
  if (manifest) {
    const check = { repository, manifest, progress, signal };
    const bytes = manifest.objects.reduce((sum, object) => sum + object.bytes, 0);
    result.evidence = { objects: manifest.objects.length, bytes, madeBy: manifest.madeBy };
    result.findings.push(...(await watch.time('sum', () => checkStored(check))));
    result.findings.push(...(await watch.time('stored', async () => checks.stored?.(manifest, level) ?? [])));
    if (level >= 1 && result.findings.length === 0) {
      result.findings.push(...(await watch.time('open', () => checkOpens(check))));
    }
    if (level >= 2 && result.findings.length === 0) {
      const { findings, evidence, phases } = await checks.trial(manifest, level);
      result.findings.push(...findings);
      Object.assign(result.evidence, evidence);
      Object.assign(watch.phases, phases);
    }
  }
  const record = { id, level, at, ok: result.findings.length === 0, ...result };
  // Evidence under a key that did not fit the backup would look altered to who has the right one.
  if (manifest) await repository.writeRecord(verificationPath(repository, record), record);
  return record;
}

/** Levels 2 to 4 of the logical tier, on a scratch server that is gone afterwards. */
async function tryDump(deps: VerifyDeps, manifest: BackupManifest, level: VerificationLevel): Promise<TrialResult> {
  const { clock, client, scratch, repository } = deps;
  if (!manifest.objects.some(({ part }) => part === 'dump')) {
    return { findings: [], evidence: { restored: 'nothing: the backup has no database' }, phases: {} };
  }
  await client.forServer(dumpMajor(manifest));
  const watch = new PhaseWatch(clock);
  const server = await watch.time('start', () => scratch.start(manifest.source?.serverMajor ?? 0));
  const result: TrialResult = { findings: [], evidence: { server: server.version }, phases: watch.phases };
  try {
    const { findings, warnings } = await watch.time('restore', () => checkRestores(deps, manifest, server.database));
    result.findings.push(...findings);
    result.evidence.warnings = warnings;
    if (findings.length === 0 && level >= 3) {
      const tables = await readTables(repository, manifest);
      await watch.time('check', () => compare(deps, server.database, tables, level, result));
    }
    return result;
  } finally {
    await dropDatabase(server.database).catch(() => undefined);
    await server.stop();
  }
}

async function compare(
  { progress, smokeQueries }: VerifyDeps,
  database: Parameters<typeof dropDatabase>[0],
  tables: Awaited<ReturnType<typeof readTables>>,
  level: VerificationLevel,
  { findings, evidence }: TrialResult,
): Promise<void> {
  const connection = await database.connect();
  try {
    findings.push(...(await checkRows(connection, tables, (done, total) => progress(done, total, 'tables compared'))));
    const indexes = await checkIndexes(connection);
    findings.push(...(indexes?.findings ?? []));
    Object.assign(evidence, {
      tables: tables.length,
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      hashed: tables.filter(({ hash }) => hash !== null).length,
      indexes: indexes?.checked ?? 'not checked: the server has no amcheck',
    });
    if (level < 4) return;
    findings.push(...(await checkQueries(connection, smokeQueries)));
    evidence.queries = smokeQueries.length;
  } finally {
    await connection.close();
  }
}

/** Times the phases of something. */
export class PhaseWatch {
  /** Milliseconds. */
  readonly phases: Record<string, number> = {};
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async time<Result>(phase: string, work: () => Promise<Result>): Promise<Result> {
    const start = this.#clock.monotonic();
    try {
      return await work();
    } finally {
      this.phases[phase] = Math.round(this.#clock.monotonic() - start);
    }
  }
}
