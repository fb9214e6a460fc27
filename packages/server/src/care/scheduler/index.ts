export type { Job, JobContext, JobResult, Run, RunStatus, RunTrigger } from './job.ts';
export type { JobProblem } from './problems.ts';
export { type LogLine, runsBetween } from './run-store.ts';
export { type JobState, Scheduler, type SchedulerDeps } from './scheduler.ts';
export { medianOf, slowAfter } from './trend.ts';
