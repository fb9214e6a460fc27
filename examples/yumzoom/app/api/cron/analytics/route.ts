import { rollUpYesterday } from '@/lib/jobs/analytics';
import { cronEndpoint } from '@/lib/jobs/cron';

export const GET = cronEndpoint(rollUpYesterday, { name: 'cron-analytics', schedule: '0 1 * * *' });
