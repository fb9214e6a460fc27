import 'server-only';
import { createHash, timingSafeEqual } from 'node:crypto';
import { withMonitor } from '@yumops/node/sentry';
import { config } from '@/lib/config';
import { api } from '@/lib/http/api';
import { Problem } from '@/lib/http/problem';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** True when the request carries `Authorization: Bearer <CRON_SECRET>`. Without a secret nobody may call. */
function mayCall(authorization: string | null): boolean {
  const secret = config.cronSecret();
  if (!secret || authorization === null) return false;
  return timingSafeEqual(digest(authorization), digest(`Bearer ${secret}`));
}

/** A job that must run at its time, as a cron expression in UTC; YumOps makes a heartbeat of it at its first run. */
export interface CronJob {
  name: string;
  schedule: string;
}

/** How late a run may begin and how long it may take before its monitor is down, minutes. */
const LATE_MINUTES = 15;
const LONGEST_MINUTES = 10;

/**
 * The endpoint of a scheduled job: the report of `work` as JSON, 401 without the secret.
 * @param job whose start, end and failure are told to YumOps; left out = nobody waits for it
 */
export function cronEndpoint(work: () => Promise<object>, job?: CronJob) {
  return api(async (request) => {
    if (!mayCall(request.headers.get('authorization'))) {
      throw new Problem(401, 'wrong_secret', 'This endpoint is for the scheduler: send CRON_SECRET as bearer token.');
    }
    return Response.json(await (job ? watched(job, work) : work()));
  });
}

function watched({ name, schedule }: CronJob, work: () => Promise<object>): Promise<object> {
  return withMonitor(name, work, {
    schedule: { type: 'crontab', value: schedule },
    timezone: 'UTC',
    checkinMargin: LATE_MINUTES,
    maxRuntime: LONGEST_MINUTES,
  });
}
