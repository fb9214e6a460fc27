import { codeOf, messageOf } from '../../lib/errors.ts';
import type { Job, JobContext, JobResult } from '../scheduler/index.ts';
import { type CatalogueEntry, regularOf, type VerificationLevel, type VerificationRecord } from './catalogue.ts';
import type { BackupConfig } from './config.ts';
import { folderOf, SELF } from './repository.ts';
import type { DrillRecord } from './verify/drill.ts';

/** What became of a backup, tier by tier, for the log of a job. */
export interface BackupOutcome {
  ok: boolean;
  /** One sentence a tier. */
  lines: string[];
  detail: Record<string, unknown>;
}

/** What became of the copies of a backup. */
export interface CopyOutcome {
  copied: readonly string[];
  /** Put there once more, since they had been found not to be good. */
  repaired: readonly string[];
  verified: readonly VerificationRecord[];
}

/** What the jobs do. Implemented in `main`. */
export interface BackupWork {
  /** @param only schemas of a one-off; undefined = the backup as it is configured */
  backUp(config: BackupConfig, context: JobContext, only?: readonly string[]): Promise<BackupOutcome>;
  /**
   * Puts a full base backup together of increments.
   * @param whenDue only where the configuration asks for one now
   * @returns what was made; null = none is due
   */
  synthesize(config: BackupConfig, context: JobContext, whenDue: boolean): Promise<BackupOutcome | null>;
  /** Deletes what retention does not keep. @returns how many backups */
  prune(config: BackupConfig, context: JobContext): Promise<number>;
  list(config: BackupConfig): Promise<readonly CatalogueEntry[]>;
  /** @param from name of the destination whose copy is verified; undefined = the backup itself */
  verify(id: string, level: VerificationLevel, context: JobContext, from?: string): Promise<VerificationRecord>;
  /** Brings the second destination up to the first, and reads what was put there and the newest copies. */
  copy(config: BackupConfig, context: JobContext): Promise<CopyOutcome>;
  drill(config: BackupConfig, context: JobContext): Promise<DrillRecord>;
}

/** Times of the jobs that check backups; in the zone of the backup. */
const CHECK_DAILY = '0 5 * * *';
const COPY_DAILY = '30 5 * * *';
const TEST_MONTHLY = '0 6 1 * *';
const DRILL_QUARTERLY = '0 7 2 1,4,7,10 *';

/** Names of the jobs of a backup. */
export function jobNames({ name }: Pick<BackupConfig, 'name'>) {
  const base = `backup-${folderOf(name)}`;
  return {
    backup: base,
    check: `${base}-check`,
    test: `${base}-test`,
    drill: `${base}-drill`,
    verify: `${base}-verify`,
    copy: `${base}-copy`,
    once: `${base}-once`,
    synthesize: `${base}-synthesize`,
  };
}

/** The jobs of one backup: the backup itself, a daily check of it and of its copies, a monthly restore test, a quarterly drill. */
export function backupJobs(config: BackupConfig, work: BackupWork): Job[] {
  const names = jobNames(config);
  const { timeZone, database, copyTo } = config;
  const job = (name: string, title: string, pattern: string | null, run: Job['run']): Job => ({
    name,
    title,
    schedule: pattern === null ? null : { pattern, timeZone },
    // What reads the database and what works on it wait for each other, and so do the pruning after a backup and copies.
    group:
      [names.backup, names.copy, names.once, names.synthesize].includes(name) && database !== null
        ? `database:${database}`
        : names.check,
    catchUp: 'latest',
    attempts: 2,
    run,
  });
  return [
    job(names.backup, `Back up "${config.name}" and delete what retention does not keep`, config.schedule, (context) =>
      backUpAndPrune(config, work, context),
    ),
    job(names.check, `Check that the newest backup of "${config.name}" can be read`, CHECK_DAILY, (context) =>
      verifyNewest(config, work, 1, context),
    ),
    ...(copyTo === null
      ? []
      : [
          job(
            names.copy,
            `Copy what is missing of "${config.name}" to "${copyTo.name}", and check that the newest copy can be read`,
            COPY_DAILY,
            (context) => copy(config, work, context),
          ),
        ]),
    job(names.test, `Restore the newest backup of "${config.name}" on trial and compare it`, TEST_MONTHLY, (context) =>
      verifyNewest(config, work, 4, context),
    ),
    job(names.drill, `Recovery drill of "${config.name}": how long, and how much is lost`, DRILL_QUARTERLY, (context) =>
      drill(config, work, context),
    ),
    ...(database === null
      ? []
      : [
          job(names.once, `Back up chosen schemas of "${config.name}" once`, null, (context) =>
            once(config, work, context),
          ),
        ]),
    ...(config.tiers.includes('physical') && config.name !== SELF
      ? [
          job(
            names.synthesize,
            `Put a full base backup of "${config.name}" together of its increments`,
            null,
            (context) => synthesize(config, work, context),
          ),
        ]
      : []),
    job(names.verify, `Verify one backup of "${config.name}"`, null, (context) => verifyOne(work, context)),
  ];
}

async function backUpAndPrune(config: BackupConfig, work: BackupWork, context: JobContext): Promise<JobResult> {
  const { ok, lines, detail } = await work.backUp(config, context);
  for (const line of lines) context.log(line);
  if (!ok) return { ok, summary: lines.join(' '), detail };
  const full = await putTogether(config, work, context);
  const isUncopied = full?.ok === false && full.detail.synthetic !== undefined;
  if (isUncopied) return { ok: false, summary: [...lines, ...full.lines].join(' '), detail };
  const pruned = await work.prune(config, context).catch((error: unknown) => {
    if (codeOf(error) !== 'backup_in_use') throw error;
    // The backup is good; what is beyond retention goes after the next.
    context.log(messageOf(error));
    return 0;
  });
  if (pruned > 0) context.log(`${pruned} backups beyond retention deleted`);
  const summary = [...lines, ...(full?.lines ?? [])].join(' ');
  return { ok: full?.ok ?? true, summary, detail: { ...detail, pruned, ...full?.detail } };
}

/** A full base backup where one is due. That it cannot be made takes nothing from the backup that was made. */
async function putTogether(config: BackupConfig, work: BackupWork, context: JobContext): Promise<BackupOutcome | null> {
  try {
    const full = await work.synthesize(config, context, true);
    for (const line of full?.lines ?? []) context.log(line);
    return full;
  } catch (error) {
    if (context.signal.aborted) throw error;
    const line = `The backup is good, but no full one could be put together of its increments: ${messageOf(error)}`;
    context.log(line);
    return { ok: false, lines: [line], detail: {} };
  }
}

async function synthesize(config: BackupConfig, work: BackupWork, context: JobContext): Promise<JobResult> {
  const full = await work.synthesize(config, context, false);
  if (full === null) return { summary: 'There is nothing to put together.' };
  for (const line of full.lines) context.log(line);
  return { ok: full.ok, summary: full.lines.join(' '), detail: full.detail };
}

async function once(config: BackupConfig, work: BackupWork, context: JobContext): Promise<JobResult> {
  const { schemas } = context.options;
  const isNamed = Array.isArray(schemas) && schemas.length > 0 && schemas.every((name) => typeof name === 'string');
  if (!isNamed) return { ok: false, summary: 'It was not said which schemas: options {"schemas": ["…"]}.' };
  const { ok, lines, detail } = await work.backUp(config, context, schemas as string[]);
  for (const line of lines) context.log(line);
  return { ok, summary: lines.join(' '), detail };
}

async function verifyNewest(
  config: BackupConfig,
  work: BackupWork,
  level: VerificationLevel,
  context: JobContext,
): Promise<JobResult> {
  const entries = await work.list(config);
  const newest = config.tiers.flatMap((tier) => {
    const entry = regularOf(entries).findLast((item) => item.tier === tier && item.status === 'good');
    return entry ? [entry] : [];
  });
  if (newest.length === 0) return { ok: false, summary: 'There is no backup that could be verified.' };
  const records: VerificationRecord[] = [];
  for (const { id } of newest) records.push(await work.verify(id, level, context));
  return summaryOf(records, level, context);
}

function summaryOf(records: readonly VerificationRecord[], level: VerificationLevel, context: JobContext): JobResult {
  for (const { findings } of records) for (const { message } of findings) context.log(message);
  const bad = records.filter(({ ok }) => !ok);
  const summary =
    bad.length === 0
      ? `${records.map(({ id }) => id).join(', ')}: good at level ${level}.`
      : bad.map(({ id, findings }) => `${id} is not good: ${findings[0]?.message}`).join(' ');
  return { ok: bad.length === 0, summary, detail: { verified: records.map(({ id }) => id), level } };
}

async function copy(config: BackupConfig, work: BackupWork, context: JobContext): Promise<JobResult> {
  const { copied, repaired, verified } = await work.copy(config, context);
  if (copied.length > 0) context.log(`copied: ${copied.join(', ')}`);
  if (repaired.length > 0) context.log(`copied again: ${repaired.join(', ')}`);
  if (verified.length === 0) return { ok: false, summary: 'There is no copy that could be verified.' };
  const result = summaryOf(verified, 1, context);
  return { ...result, detail: { ...result.detail, copied: [...copied], repaired: [...repaired] } };
}

async function verifyOne(work: BackupWork, context: JobContext): Promise<JobResult> {
  const { id, level, from } = context.options;
  if (typeof id !== 'string')
    return { ok: false, summary: 'It was not said which backup: options {"id": …, "level": 3}.' };
  const upTo = typeof level === 'number' && level >= 0 && level <= 4 ? (Math.floor(level) as VerificationLevel) : 3;
  return summaryOf([await work.verify(id, upTo, context, typeof from === 'string' ? from : undefined)], upTo, context);
}

async function drill(config: BackupConfig, work: BackupWork, context: JobContext): Promise<JobResult> {
  const record = await work.drill(config, context);
  for (const { message } of record.findings) context.log(message);
  const { recoveryTimeMs, recoveryPointMs } = config.targets;
  const inTime = record.recoveryTimeSeconds * 1_000 <= recoveryTimeMs;
  const fresh = record.recoveryPointSeconds * 1_000 <= recoveryPointMs;
  const figures = `Recovery took ${record.recoveryTimeSeconds} s, and ${record.recoveryPointSeconds} s of changes would be lost.`;
  const over = [...(inTime ? [] : ['the recovery time']), ...(fresh ? [] : ['the recovery point'])];
  const verdict = record.ok
    ? over.length === 0
      ? 'Both are within their targets.'
      : `Over the target: ${over.join(' and ')}.`
    : 'The restored copy is NOT good.';
  return { ok: record.ok && over.length === 0, summary: `${figures} ${verdict}`, detail: { ...record } };
}
