import { isAuthorized, wrap } from './cron/wrap.ts';

export type { CronLock, CronOptions, CronRun, GivenLock, Skipped } from './cron/options.ts';
export { isAuthorized, wrap } from './cron/wrap.ts';

export const cron = { wrap, isAuthorized };
