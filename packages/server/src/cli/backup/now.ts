import { parseArgs } from 'node:util';
import { defineCommand } from 'citty';
import { manifestPath } from '../../care/backup/index.ts';
import { formatBytes } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { TierOutcome } from '../../main/backup/backups.ts';
import { sayResumed } from '../../main/backup/resumed.ts';
import { printJson } from '../command.ts';
import { backupArgs, jobsArg, readJobs, withBackups } from './open.ts';

function problemOf(error: unknown) {
  if (error instanceof YumOpsError) return error.toProblem();
  return { code: 'internal_error', message: messageOf(error) };
}

/** What scripts read of one tier. */
function asJson(name: string, folder: string, { id, tier, manifest, error, copyError, seconds }: TierOutcome) {
  return {
    id,
    name,
    tier,
    status: manifest === null ? 'failed' : 'good',
    bytes: manifest?.bytes ?? 0,
    seconds: Math.round(seconds * 1_000) / 1_000,
    manifest: manifest === null ? null : manifestPath({ folder }, id),
    warnings: manifest?.warnings ?? [],
    ...(manifest?.resumed ? { resumed: manifest.resumed } : {}),
    ...(manifest?.oneOff ? { schemas: manifest.schemas, oneOff: true } : {}),
    ...(error === null ? {} : { error: problemOf(error) }),
    ...(copyError === null ? {} : { copyError: problemOf(copyError) }),
  };
}

function asText({ id, tier, manifest, error, copyError, seconds }: TierOutcome): string {
  if (manifest === null) {
    const { message, hint } = { hint: undefined, ...problemOf(error) };
    return `${tier}: failed. ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`;
  }
  const size = formatBytes(manifest.bytes);
  const only = manifest.oneOff ? `, once, only ${(manifest.schemas ?? []).join(', ')}` : '';
  const lines = [`${tier}${only}: ${id}, ${size} in ${formatDuration(seconds * 1_000)}`];
  if (manifest.resumed) lines.push(`  ${sayResumed(manifest.resumed)}`);
  lines.push(...manifest.warnings.map((warning) => `  Note: ${warning}`));
  if (copyError !== null) lines.push(`  The copy at the second destination failed: ${problemOf(copyError).message}`);
  return `${lines.join('\n')}\n`;
}

/** Every `--schema`, in order; undefined = none. */
function schemasOf(raw: readonly string[]): string[] | undefined {
  const options = { schema: { type: 'string', multiple: true } } as const;
  const { schema } = parseArgs({ args: [...raw], options, strict: false, allowPositionals: true }).values;
  const names = (schema as (string | boolean)[] | undefined)?.map((name) => (name === true ? '' : String(name)));
  if (names?.includes('') !== true) return names;
  throw new YumOpsError('wrong_use', '--schema needs a name.', {
    hint: 'Such as --schema sales --schema public.',
    status: 400,
  });
}

export const backupNow = defineCommand({
  meta: { name: 'yumops backup now', description: 'Make a backup now' },
  args: {
    ...backupArgs,
    ...jobsArg,
    name: { type: 'positional', required: true, description: 'Name under backups', valueHint: 'NAME' },
    schema: {
      type: 'string',
      description: 'Only this schema of the database, once; say it again for more. It stands in for no regular backup',
      valueHint: 'NAME',
    },
  },
  run: ({ args, rawArgs }) =>
    withBackups(args, async (backups, hooks) => {
      const configured = backups.config(args.name);
      const config = { ...configured, jobs: readJobs(args.jobs) ?? configured.jobs };
      const { folder } = await backups.repository(config);
      const outcomes = await backups.run(config, hooks, schemasOf(rawArgs));
      const items = outcomes.map((outcome) => asJson(config.name, folder, outcome));
      if (args.json) printJson(items.length === 1 ? items[0] : { backups: items });
      else hooks.print(outcomes.map(asText).join(''));
      return outcomes.every(({ error, copyError }) => error === null && copyError === null) ? 0 : 1;
    }),
});
