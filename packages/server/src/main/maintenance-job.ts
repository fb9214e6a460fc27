import { type MaintenanceReport, type MaintenanceRunner, tasksOfDay } from '../care/database/index.ts';
import type { Job } from '../care/scheduler/index.ts';
import type { Clock } from '../lib/clock.ts';
import { random } from '../lib/random.ts';
import { wallTimeAt } from '../lib/zoned-time.ts';
import type { LiveConfig } from './live-config.ts';
import { maintenanceTarget } from './maintenance.ts';

function summaryOf({ actions, status, error }: MaintenanceReport): string {
  const of = (wanted: string) => actions.filter((action) => action.status === wanted).length;
  if (actions.length === 0 && error === null) return 'there was nothing to do';
  const counts = `${of('done')} done, ${of('skipped')} skipped, ${of('failed')} failed`;
  return status === 'done' ? counts : `${status}: ${counts}${error === null ? '' : `; ${error}`}`;
}

/** The nightly upkeep of the database of the section `maintenance`; on Sundays every task. */
export function maintenanceJobs(context: { live: LiveConfig; runner: MaintenanceRunner; clock: Clock }): Job[] {
  const { live, runner, clock } = context;
  const { maintenance, databases } = live.current;
  if (!maintenance.scheduled || databases.length === 0) return [];
  const { name } = maintenanceTarget(live.current, undefined);
  return [
    {
      name: 'maintenance',
      title: `Upkeep of the database "${name}": retention and statistics; on Sundays vacuum, reindex and constraints too`,
      schedule: { pattern: maintenance.schedule, timeZone: maintenance.timeZone },
      // A dump and upkeep of one database exclude each other.
      group: `database:${name}`,
      catchUp: 'none',
      attempts: 2,
      async run({ slot, by, signal, log, progress }) {
        if (slot !== null) await clock.sleep(random() * maintenance.jitterMs, signal);
        const weekday = new Date(wallTimeAt(slot ?? clock.now(), maintenance.timeZone)).getUTCDay();
        const report = await runner.run(
          {
            database: name,
            tasks: tasksOfDay(weekday),
            approve: false,
            startedBy: by,
            trigger: slot === null ? 'manual' : 'schedule',
          },
          {
            signal,
            onProgress: ({ task, object, done, total }) => progress(done, total, `${task} ${object ?? ''}`.trim()),
          },
        );
        for (const { task, object, status, error } of report.actions)
          log(`${status} ${task} ${object}${error === null ? '' : `: ${error}`}`);
        return { summary: summaryOf(report), ok: report.status === 'done', detail: { run: report.id } };
      },
    },
  ];
}
