import { appHealth } from '@/lib/monitoring/health-monitor';

/** 200 healthy, 202 degraded, 503 unhealthy; for private addresses and whoever has HEALTH_TOKEN. */
export const GET = (request: Request) => appHealth().detailed(request);
