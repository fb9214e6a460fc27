import { userInfo } from 'node:os';
import { defineCommand } from 'citty';
import { type BackupConfig, SELF } from '../../care/backup/index.ts';
import { systemClock } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Backups, Hooks } from '../../main/backup/backups.ts';
import { readKitFile } from '../../main/backup/kit.ts';
import { confirmKitText } from '../../main/backup/recovery-kit.ts';
import { printJson } from '../command.ts';
import { backupArgs, fromArg, withBackups } from './open.ts';

/** A drill that the kept kit brought to its end proves that it is kept. */
async function runDrill(backups: Backups, config: BackupConfig, kit: string | undefined, hooks: Hooks) {
  if (kit === undefined) return backups.drill(config, hooks);
  if (config.name !== SELF) {
    throw new YumOpsError('wrong_use', `--kit goes with ${SELF}; "${config.name}" is opened by its key file.`, {
      status: 400,
    });
  }
  const text = await readKitFile(kit);
  const drill = await backups.drillSelf(text, hooks);
  const holder = { at: systemClock.now(), by: userInfo().username, how: 'drill' } as const;
  if (drill.ok) await confirmKitText(backups, text, holder);
  return drill;
}

export const backupDrill = defineCommand({
  meta: {
    name: 'yumops backup drill',
    description: 'Recover the newest backup on trial, and measure how long it takes and how much would be lost',
  },
  args: {
    ...backupArgs,
    ...fromArg,
    name: {
      type: 'positional',
      required: true,
      description: 'Name under backups, or yumops-self for YumOps itself',
      valueHint: 'NAME',
    },
    kit: { type: 'string', description: 'With yumops-self: the recovery kit that you keep', valueHint: 'FILE' },
  },
  run: ({ args }) =>
    withBackups(args, async (backups, hooks) => {
      const config = backups.config(args.name);
      const drill = await runDrill(backups.at(args.from), config, args.kit, hooks);
      const { recoveryTimeMs, recoveryPointMs } = config.targets;
      const inTime = drill.recoveryTimeSeconds * 1_000 <= recoveryTimeMs;
      const fresh = drill.recoveryPointSeconds * 1_000 <= recoveryPointMs;
      if (args.json) {
        printJson({
          ok: drill.ok,
          recovery_time_seconds: drill.recoveryTimeSeconds,
          recovery_point_seconds: drill.recoveryPointSeconds,
          phases: drill.phases,
          backup: drill.backup,
          findings: drill.findings,
          within_targets: { recovery_time: inTime, recovery_point: fresh },
        });
      } else {
        const against = (met: boolean, target: number) =>
          `${met ? 'within' : 'OVER'} the target of ${formatDuration(target)}`;
        const phases = Object.entries(drill.phases).map(([phase, seconds]) => `${phase} ${seconds} s`);
        for (const { message } of drill.findings) hooks.print(`${message}\n`);
        hooks.print(
          `${drill.ok ? 'Recovered' : 'NOT recovered'} from ${drill.backup || 'any backup'}.\n` +
            `Recovery time  ${drill.recoveryTimeSeconds} s (${phases.join(', ')}), ${against(inTime, recoveryTimeMs)}\n` +
            `Recovery point ${formatDuration(drill.recoveryPointSeconds * 1_000)} before the drill, ${against(fresh, recoveryPointMs)}\n`,
        );
      }
      return drill.ok && inTime && fresh ? 0 : 1;
    }),
});
