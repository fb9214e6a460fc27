import { Problem } from '@/lib/http/problem';
import { cronEndpoint } from '@/lib/jobs/cron';

/** A function of 30 seconds cannot back a database up, and an answer of 200 would say that it had. */
export const GET = cronEndpoint(async () => {
  throw new Problem(
    501,
    'no_backup_made',
    'No backup was made: backups of YumZoom are the operations platform’s work.',
  );
});
