import { HealthMonitor } from '@yumops/node/health';

export const monitor = new HealthMonitor();
