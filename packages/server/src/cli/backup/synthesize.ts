import { defineCommand } from 'citty';
import { formatBytes } from '../../care/database/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import { printJson } from '../command.ts';
import { backupArgs, withBackups } from './open.ts';

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
      const { manifest, copyError } = await backups.synthesize(backups.config(args.name), hooks);
      const { id, name, bytes, synthetic, finished, warnings } = manifest;
      const seconds = (Date.parse(finished) - Date.parse(synthetic?.begun ?? finished)) / 1_000;
      if (args.json) {
        const problem = copyError instanceof YumOpsError ? copyError.toProblem() : { message: messageOf(copyError) };
        printJson({
          id,
          name,
          synthetic,
          bytes,
          seconds,
          warnings,
          ...(copyError === null ? {} : { copyError: problem }),
        });
      } else {
        const of = `${synthetic?.increments} increments, up to ${synthetic?.from}`;
        const lines = [`${id}: full, of ${of}, ${formatBytes(bytes)} in ${formatDuration(seconds * 1_000)}`];
        lines.push(...warnings.map((warning) => `  Note: ${warning}`));
        if (copyError !== null) lines.push(`  The copy at the second destination failed: ${messageOf(copyError)}`);
        hooks.print(`${lines.join('\n')}\n`);
      }
      return copyError === null ? 0 : 1;
    }),
});
