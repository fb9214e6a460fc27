import 'server-only';
import { createHash, timingSafeEqual } from 'node:crypto';
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

/** The endpoint of a scheduled job: the report of `work` as JSON, 401 without the secret. */
export function cronEndpoint(work: () => Promise<object>) {
  return api(async (request) => {
    if (!mayCall(request.headers.get('authorization'))) {
      throw new Problem(401, 'wrong_secret', 'This endpoint is for the scheduler: send CRON_SECRET as bearer token.');
    }
    return Response.json(await work());
  });
}
