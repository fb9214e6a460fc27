import { cron } from '@yumops/node/cron';
import { api } from '@/lib/http/api';
import { Problem } from '@/lib/http/problem';

/** A function of 30 seconds cannot back a database up, and an answer of 200 would say that it had. */
export const GET = api((request) => {
  if (!cron.isAuthorized(request)) {
    throw new Problem(401, 'wrong_secret', 'This endpoint is for the scheduler: send CRON_SECRET as bearer token.');
  }
  throw new Problem(
    501,
    'no_backup_made',
    'No backup was made: backups of YumZoom are the operations platform’s work.',
  );
});
