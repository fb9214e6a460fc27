export type { DatabaseCheckOptions, PgPool } from './monitoring/checks/database.ts';
export type { ExternalApi } from './monitoring/checks/external-apis.ts';
export type { FileSystemCheckOptions } from './monitoring/checks/filesystem.ts';
export type { RedisClient } from './monitoring/checks/redis.ts';
export type { CheckDefinition, CheckOutcome, HealthCheck, HealthStatus } from './monitoring/health-check.ts';
export {
  type DetailOptions,
  detailedHealthHandler,
  type HealthHandler,
  healthHandler,
  livezHandler,
  readyzHandler,
  standardHealthHandler,
} from './monitoring/health-handlers.ts';
export { HealthMonitor, type HealthMonitorOptions, type HealthReport } from './monitoring/health-monitor.ts';
export { type GracefulStopOptions, stopGracefully, stopOnSignals } from './runtime/graceful-stop.ts';
