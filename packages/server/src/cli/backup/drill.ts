import { defineCommand } from 'citty';
import { formatDuration } from '../../lib/duration.ts';
import { printJson } from '../command.ts';
import { backupArgs, withBackups } from './open.ts';

export const backupDrill = defineCommand({
  meta: {
    name: 'yumops backup drill',
    description: 'Recover the newest backup on trial, and measure how long it takes and how much would be lost',
  },
  args: {
    ...backupArgs,
    name: { type: 'positional', required: true, description: 'Name under backups', valueHint: 'NAME' },
  },
  run: ({ args }) =>
    withBackups(args, async (backups, hooks) => {
      const config = backups.config(args.name);
      const drill = await backups.drill(config, hooks);
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
        for (const { message } of drill.findings) process.stdout.write(`${message}\n`);
        process.stdout.write(
          `${drill.ok ? 'Recovered' : 'NOT recovered'} from ${drill.backup}.\n` +
            `Recovery time  ${drill.recoveryTimeSeconds} s (${phases.join(', ')}), ${against(inTime, recoveryTimeMs)}\n` +
            `Recovery point ${formatDuration(drill.recoveryPointSeconds * 1_000)} before the drill, ${against(fresh, recoveryPointMs)}\n`,
        );
      }
      return drill.ok && inTime && fresh ? 0 : 1;
    }),
});
