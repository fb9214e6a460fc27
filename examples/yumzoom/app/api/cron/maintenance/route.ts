import { cron } from '@yumops/node/cron';
import { api } from '@/lib/http/api';
import { runMaintenance } from '@/lib/jobs/maintenance';

export const GET = api(cron.wrap('cron-maintenance', () => runMaintenance(new Date()), { schedule: '0 2 * * *' }));
