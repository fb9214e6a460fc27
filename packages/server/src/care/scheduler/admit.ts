import type { Job, Run } from './job.ts';

/** What may begin now, and what each other run waits for. */
export interface Admission<Waiting> {
  start: Waiting[];
  /** Run id → the job that it waits for. */
  waiting: Map<string, string>;
}

/**
 * Which queued runs may begin: the oldest first, one run a job and one a group, `room` at the most.
 * @param queued in the order in which they were queued
 * @param room how many runs this instance can take
 */
export function admit<Waiting extends Pick<Run, 'id' | 'job'>>(
  queued: readonly Waiting[],
  running: readonly Pick<Run, 'job'>[],
  groupOf: (job: string) => Job['group'],
  room: number,
): Admission<Waiting> {
  const busy = running.map(({ job }) => job);
  const start: Waiting[] = [];
  const waiting = new Map<string, string>();
  const blockerOf = (job: string) => {
    const group = groupOf(job);
    return busy.find((other) => other === job || (group !== null && groupOf(other) === group));
  };
  for (const run of queued) {
    const blocker = blockerOf(run.job);
    if (blocker !== undefined) waiting.set(run.id, blocker);
    else if (start.length < room) start.push(run);
    // What waits keeps its turn: a later run of its group must not overtake it.
    busy.push(run.job);
  }
  return { start, waiting };
}
