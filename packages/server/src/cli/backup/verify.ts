import { defineCommand } from 'citty';
import type { VerificationLevel } from '../../care/backup/index.ts';
import { formatDuration } from '../../lib/duration.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { printJson } from '../command.ts';
import { backupArgs, fromArg, withBackups } from './open.ts';

const MEANINGS = [
  'every object is there, as it was stored',
  'every object opens',
  'it restores into an empty server',
  'every table has the rows that it had',
  'the queries of the configuration give rows',
];

function readLevel(text: string): VerificationLevel {
  const level = Number(text);
  if ([0, 1, 2, 3, 4].includes(level)) return level as VerificationLevel;
  throw new YumOpsError('wrong_use', `There is no level "${text}".`, { hint: 'Give 0 to 4.', status: 400 });
}

export const backupVerify = defineCommand({
  meta: {
    name: 'yumops backup verify',
    description: `Verify a backup. Levels: ${MEANINGS.map((meaning, level) => `${level} ${meaning}`).join('; ')}. Each includes those below`,
  },
  args: {
    ...backupArgs,
    ...fromArg,
    id: { type: 'positional', required: true, description: 'As in yumops backup list', valueHint: 'ID' },
    level: { type: 'string', description: 'How far, 0 to 4; default 3', valueHint: '0..4', default: '3' },
  },
  run: ({ args }) =>
    withBackups(args, async (backups, hooks) => {
      const level = readLevel(args.level);
      const { id, ok, findings, phases, evidence } = await backups.at(args.from).verify(args.id, level, hooks);
      if (args.json) printJson({ id, level, ok, findings, phases, evidence });
      else {
        for (const { code, message } of findings) hooks.print(`${code}: ${message}\n`);
        const took = Object.entries(phases).map(([phase, ms]) => `${phase} ${formatDuration(ms)}`);
        const verdict = ok ? `Good: ${MEANINGS.slice(0, level + 1).join('; ')}.` : 'This backup is NOT good.';
        hooks.print(`${verdict} (${took.join(', ')})\n`);
      }
      return ok ? 0 : 1;
    }),
});
