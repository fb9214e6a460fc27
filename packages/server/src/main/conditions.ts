import type { Scheduler } from '../care/scheduler/index.ts';
import type { WatchedCondition } from '../respond/alerting/index.ts';
import type { Archives } from './backup/archives.ts';
import type { LiveBackups } from './backup/open.ts';
import { jobConditions } from './jobs.ts';
import { type Observe, probeConditions } from './observe.ts';

/** For the alert path: what the parts of this instance find wrong at the moment. */
export function conditionsOf(
  backups: LiveBackups,
  archives: Archives,
  scheduler: Scheduler,
  { probes }: Observe,
): WatchedCondition[] {
  return [
    ...backups.watch.conditions(),
    ...archives.conditions(),
    ...jobConditions(scheduler),
    ...probeConditions(probes),
  ];
}
