import { defineCommand } from 'citty';
import { copyAndCheck } from '../../main/backup/copies.ts';
import { printJson } from '../command.ts';
import { backupArgs, fromArg, withBackups } from './open.ts';

const few = (ids: readonly string[]) => (ids.length === 0 ? 'none' : ids.join(', '));

export const backupCopy = defineCommand({
  meta: {
    name: 'yumops backup copy',
    description:
      'Bring the second destination up to the first, and check its newest copy; with --from the second, fill a first one that was lost',
  },
  args: {
    ...backupArgs,
    ...fromArg,
    name: { type: 'positional', required: true, description: 'Name under backups', valueHint: 'NAME' },
  },
  run: ({ args }) =>
    withBackups(args, async (all, hooks) => {
      const config = all.config(args.name);
      const backups = all.at(args.from);
      const to = backups.copies.target(config);
      const { copied, repaired, verified } = await copyAndCheck(backups, config, hooks);
      const findings = verified.flatMap((record) => record.findings);
      const checked = verified.map(({ id }) => id);
      const ok = findings.length === 0;
      if (args.json) printJson({ name: config.name, to, ok, copied, repaired, verified: checked, findings });
      else {
        for (const { code, message } of findings) hooks.print(`${code}: ${message}\n`);
        hooks.print(
          `Copied to "${to}": ${few(copied)}\nCopied again:  ${few(repaired)}\n${ok ? 'Checked' : 'NOT good'}:       ${few(checked)}\n`,
        );
      }
      return ok ? 0 : 1;
    }),
});
