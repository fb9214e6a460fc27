import { readFile } from 'node:fs/promises';
import { defineCommand } from 'citty';
import {
  type BackupConfig,
  type CatalogueEntry,
  type PruneReport,
  planRetention,
  type RetentionPlan,
} from '../../care/backup/index.ts';
import { formatBytes } from '../../care/database/index.ts';
import { systemClock } from '../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Backups } from '../../main/backup/backups.ts';
import { printJson } from '../command.ts';
import { backupArgs, withBackups } from './open.ts';

function wrongUse(message: string, hint: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

/** A catalogue as `yumops backup list --json` prints it. */
async function readCatalogueFile(file: string, now: string | undefined): Promise<CatalogueEntry[]> {
  const until = now === undefined ? Number.POSITIVE_INFINITY : Date.parse(now);
  if (Number.isNaN(until)) throw wrongUse(`"${now}" is not a time.`, 'Write for example 2026-01-05T03:00:00Z.');
  try {
    const { backups } = JSON.parse(await readFile(file, 'utf8')) as { backups: CatalogueEntry[] };
    if (backups.some(({ id, started }) => typeof id !== 'string' || Number.isNaN(Date.parse(started)))) {
      throw new Error('an entry has no id or no time');
    }
    return backups.filter(({ started }) => Date.parse(started) <= until);
  } catch (error) {
    throw wrongUse(`${file} is no catalogue: ${messageOf(error)}`, 'Take what `yumops backup list --json` prints.');
  }
}

function asText({ keep, delete: gone }: RetentionPlan, isDry: boolean): string {
  const lines = [
    ...keep.map(({ id, why }) => `keep    ${id}  ${why.join(', ')}`),
    ...gone.map(({ id }) => `${isDry ? 'delete ' : 'deleted'} ${id}`),
  ];
  return lines.length === 0 ? 'There are no backups.\n' : `${lines.join('\n')}\n`;
}

export const backupPrune = defineCommand({
  meta: { name: 'yumops backup prune', description: 'Delete the backups that retention does not keep' },
  args: {
    ...backupArgs,
    from: {
      type: 'string',
      description: 'With --dry-run: the destination that is planned; default first. A prune works at both',
      valueHint: 'NAME',
    },
    name: { type: 'positional', required: true, description: 'Name under backups', valueHint: 'NAME' },
    'dry-run': { type: 'boolean', description: 'Only show what would be kept, and why, and deleted' },
    catalogue: {
      type: 'string',
      description: 'With --dry-run: plan this list instead of the store',
      valueHint: 'FILE',
    },
    now: { type: 'string', description: 'With --catalogue: the time that counts as now', valueHint: 'ISO' },
  },
  run: ({ args }) =>
    withBackups(args, async (backups, { signal }) => {
      refuseWithoutEffect(args);
      const config = backups.config(args.name);
      if (args['dry-run']) {
        const plan = await planOf(backups.at(args.from), config, args);
        if (args.json) printJson(plan);
        else process.stdout.write(asText(plan, true));
        return 0;
      }
      const report = await backups.prune(config, signal);
      if (args.json) printJson(report);
      else {
        process.stdout.write(reportText(report));
        if (report.copy) process.stdout.write(`At "${config.copyTo?.name}":\n${reportText(report.copy)}`);
      }
      return 0;
    }),
});

/** Who thinks that only a plan is made must not find that backups were deleted. */
function refuseWithoutEffect(args: {
  'dry-run'?: boolean | undefined;
  catalogue?: string | undefined;
  now?: string | undefined;
  from?: string | undefined;
}): void {
  if (args.now !== undefined && args.catalogue === undefined) {
    throw wrongUse('--now needs --catalogue.', 'A prune of the store works with the present.');
  }
  if (args['dry-run']) return;
  if (args.catalogue !== undefined) {
    throw wrongUse('--catalogue needs --dry-run.', 'A list is planned, never deleted from.');
  }
  if (args.from !== undefined) {
    throw wrongUse('--from needs --dry-run.', 'Without it both destinations are pruned, each by its own retention.');
  }
}

async function planOf(
  backups: Backups,
  config: BackupConfig,
  { catalogue, now }: { catalogue?: string | undefined; now?: string | undefined },
): Promise<RetentionPlan> {
  if (catalogue === undefined) return backups.planPrune(config);
  const at = now === undefined ? systemClock.now() : Date.parse(now);
  return planRetention(await readCatalogueFile(catalogue, now), config, at);
}

function reportText(report: PruneReport): string {
  const left = report.refused.map(({ message }) => `left: ${message}\n`).join('');
  return `${asText(report, false)}${left}${formatBytes(report.freed)} freed.\n`;
}
