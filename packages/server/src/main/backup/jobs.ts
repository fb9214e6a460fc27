import { type BackupConfig, type BackupOutcome, type BackupWork, backupJobs, SELF } from '../../care/backup/index.ts';
import { formatBytes } from '../../care/database/index.ts';
import type { Job, JobContext } from '../../care/scheduler/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Archives } from './archives.ts';
import type { TierOutcome } from './backups.ts';
import { copyAndCheck } from './copies.ts';
import type { LiveBackups } from './open.ts';
import { sayResumed } from './resumed.ts';
import { type Synthesized, synthesizeWhenDue } from './synthesize.ts';

/** A run may be told more often than is of use to anybody. */
const hooksOf = ({ signal, progress }: JobContext) => ({ signal, progress });

function lineOf({ tier, id, manifest, error, copyError, seconds }: TierOutcome): string {
  if (manifest === null) return `The ${tier} backup failed: ${messageOf(error)}`;
  const copy = copyError === null ? '' : ` The copy at the second destination failed: ${messageOf(copyError)}`;
  const resumed = manifest.resumed ? ` ${sayResumed(manifest.resumed)}` : '';
  return `${tier}: ${id}, ${formatBytes(manifest.bytes)} in ${formatDuration(seconds * 1_000)}.${resumed}${copy}`;
}

function outcomeOf({ manifest: { id, bytes, synthetic, resumed }, copyError }: Synthesized): BackupOutcome {
  const copy = copyError === null ? '' : ` The copy at the second destination failed: ${messageOf(copyError)}`;
  const line = `Full base backup ${id} put together of ${synthetic?.increments} increments, ${formatBytes(bytes)}.${resumed ? ` ${sayResumed(resumed)}` : ''}${copy}`;
  return { ok: copyError === null, lines: [line], detail: { synthetic: id } };
}

/** The jobs of all backups of the configuration as it is now. */
export function jobsOfBackups({ open, watch }: LiveBackups, archives: Pick<Archives, 'backUpSelf'>): Job[] {
  const backUpSelf = async (config: BackupConfig, context: JobContext): Promise<BackupOutcome> => {
    const manifest = await archives.backUpSelf(hooksOf(context));
    const copyError = await open().copies.copy(config, manifest, hooksOf(context));
    const { id, bytes } = manifest;
    const copy = copyError === null ? '' : ` The copy at the second destination failed: ${messageOf(copyError)}`;
    return { ok: copyError === null, lines: [`${id}, ${formatBytes(bytes)}.${copy}`], detail: { backups: [{ id }] } };
  };
  const work: BackupWork = {
    async backUp(config, context, only): Promise<BackupOutcome> {
      if (config.name === SELF) return backUpSelf(config, context);
      const outcomes = await open().run(config, hooksOf(context), only);
      const ok = outcomes.every(({ error, copyError }) => error === null && copyError === null);
      const detail = { backups: outcomes.map(({ id, tier, manifest }) => ({ id, tier, good: manifest !== null })) };
      return { ok, lines: outcomes.map(lineOf), detail };
    },
    synthesize: async (config, context, whenDue) => {
      const backups = open();
      const hooks = hooksOf(context);
      const full = whenDue ? await synthesizeWhenDue(backups, config, hooks) : await backups.synthesize(config, hooks);
      return full && outcomeOf(full);
    },
    prune: async (config, { signal }) => (await open().prune(config, signal)).delete.length,
    list: (config) => open().list(config),
    verify: (id, level, context, from) => open().at(from).verify(id, level, hooksOf(context)),
    copy: (config, context) => copyAndCheck(open(), config, hooksOf(context)),
    drill: (config, context) => open().drill(config, hooksOf(context)),
  };
  const jobs = open().all.flatMap((config) => backupJobs(config, work));
  // What a job found or mended is to be seen at once.
  return jobs.map((job) => ({ ...job, run: (context) => job.run(context).finally(() => watch.nudge()) }));
}
