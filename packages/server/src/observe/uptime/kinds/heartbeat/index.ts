import { formatDuration } from '../../../../lib/duration.ts';
import { messageOf } from '../../../../lib/errors.ts';
import { impossible, runAttempt } from '../../attempt.ts';
import type { MonitorKind } from '../kind.ts';
import { judgeBeats } from './beats.ts';

/** A job that calls us when it runs; a check looks at what came. */
export const heartbeatKind: MonitorKind<'heartbeat'> = {
  run: (monitor, context) =>
    runAttempt(monitor, context, async () => {
      const beats = await context.beats.read(monitor.id).catch((error: unknown) => {
        throw impossible(`What the job said could not be read: ${messageOf(error)}`, 'Look at the state store.');
      });
      return judgeBeats(beats, monitor, context.clock.now());
    }),
  describe: ({ schedule, graceMs, maxRuntimeMs }) => [
    schedule.kind === 'every'
      ? `a beat every ${formatDuration(schedule.ms)}`
      : `a beat at ${schedule.pattern} (${schedule.timeZone})`,
    `at most ${formatDuration(graceMs)} late`,
    ...(maxRuntimeMs === null ? [] : [`runs of at most ${formatDuration(maxRuntimeMs)}`]),
  ],
};
