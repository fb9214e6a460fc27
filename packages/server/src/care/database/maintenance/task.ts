/** The tasks of upkeep, in the order in which they run: what frees space comes first, statistics see the result. */
export const MAINTENANCE_TASKS = [
  'retention',
  'vacuum',
  'freeze',
  'reindex',
  'amcheck',
  'constraints',
  'analyze',
] as const;

export type MaintenanceTask = (typeof MAINTENANCE_TASKS)[number];

/** What each task does, as commands and the console say it. */
export const TASK_MEANINGS: Readonly<Record<MaintenanceTask, string>> = {
  retention: 'remove rows, files and partitions that are older than the policies allow',
  vacuum: 'clear dead rows away where there are many',
  freeze: 'freeze tables whose oldest transaction id is far back',
  reindex: 'rebuild bloated, invalid and requested indexes; drop what unfinished builds left behind',
  amcheck: 'verify every btree index with the extension amcheck',
  constraints: 'count the rows that break constraints which were never verified',
  analyze: 'collect fresh statistics where much has changed',
};

/** Reads the name of a task; undefined when there is none of that name. */
export function readTask(name: string): MaintenanceTask | undefined {
  return MAINTENANCE_TASKS.find((task) => task === name);
}

const NIGHTLY: readonly MaintenanceTask[] = ['retention', 'analyze'];

/**
 * What a scheduled run does: retention and analyze every day, everything on Sundays.
 * @param weekday 0 = Sunday, in the zone of the schedule
 */
export function tasksOfDay(weekday: number): readonly MaintenanceTask[] {
  return weekday === 0 ? MAINTENANCE_TASKS : NIGHTLY;
}
