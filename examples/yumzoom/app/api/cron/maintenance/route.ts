import { cronEndpoint } from '@/lib/jobs/cron';
import { runMaintenance } from '@/lib/jobs/maintenance';

export const GET = cronEndpoint(() => runMaintenance(new Date()), {
  name: 'cron-maintenance',
  schedule: '0 2 * * *',
});
