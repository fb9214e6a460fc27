import { appHealth } from '@/lib/monitoring/health-monitor';

export const GET = (request: Request) => appHealth().status(request);
