import { healthHandler } from '@yumops/node/health';
import { healthMonitor } from '@/lib/monitoring/health-monitor';

export const GET = (request: Request) => healthHandler(healthMonitor())(request);
