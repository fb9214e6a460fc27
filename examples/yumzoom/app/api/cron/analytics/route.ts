import { cron } from '@yumops/node/cron';
import { api } from '@/lib/http/api';
import { rollUpYesterday } from '@/lib/jobs/analytics';

export const GET = api(cron.wrap('cron-analytics', rollUpYesterday, { schedule: '0 1 * * *' }));
