import { defineCommand } from 'citty';
import type { BackupManifest } from '../../care/backup/index.ts';
import { formatBytes } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import { sayResumed } from '../../main/backup/resumed.ts';
import type { Synthesized } from '../../main/backup/synthesize.ts';
import { printJson } from '../command.ts';
import { backupArgs, withBackups } from './open.ts';

/** Seconds from when it was begun; `started` is the moment that it holds. */
const secondsOf = ({ finished, synthetic }: BackupManifest) =>
  (Date.parse(finished) - Date.parse(synthetic?.begun ?? finished)) / 1_000;

/** What scripts read. */
function asJson({ manifest, copyError }: Synthesized) {
  const { id, name, bytes, synthetic, resumed, warnings } = manifest;
  const problem = copyError instanceof YumOpsError ? copyError.toProblem() : { message: messageOf(copyError) };
  return {
    ...{ id, name, synthetic, bytes, seconds: secondsOf(manifest), warnings },
    ...(resumed ? { resumed } : {}),
    ...(copyError === null ? {} : { copyError: problem }),
  };
}

function asText({ manifest, copyError }: Synthesized): string {
  const { id, bytes, synthetic, resumed, warnings } = manifest;
  const of = `${synthetic?.increments} increments, up to ${synthetic?.from}`;
  const lines = [`${id}: full, of ${of}, ${formatBytes(bytes)} in ${formatDuration(secondsOf(manifest) * 1_000)}`];
  if (resumed) lines.push(`  ${sayResumed(resumed)}`);
  lines.push(...warnings.map((warning) => `  Note: ${warning}`));
  if (copyError !== null) lines.push(`  The copy at the second destination failed: ${messageOf(copyError)}`);
  return `${lines.join('\n')}\n`;
}

export const backupSynthesize = defineCommand({
  meta: {
    name: 'yumops backup synthesize',
    description:
      'Put a full base backup together of the newest increments, from the store alone; the database is not read',
  },
  args: {
    ...backupArgs,
    name: { type: 'positional', required: true, description: 'Name under backups', valueHint: 'NAME' },
  },
  run: ({ args }) =>
    withBackups(args, async (backups, hooks) => {
      const made = await backups.synthesize(backups.config(args.name), hooks);
      if (args.json) printJson(asJson(made));
      else hooks.print(asText(made));
      return made.copyError === null ? 0 : 1;
    }),
});
