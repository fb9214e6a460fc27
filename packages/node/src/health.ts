export { type CertificateOptions, certificateCheck } from './monitoring/checks/certificate.ts';
export { type DatabaseCheckOptions, databaseCheck, type PgPool, postgresCheck } from './monitoring/checks/database.ts';
export { type ExternalApi, externalApisCheck, httpCheck } from './monitoring/checks/external-apis.ts';
export {
  type BackupAgeOptions,
  backupAgeCheck,
  type FigureCheckOptions,
  type MigrationsOptions,
  migrationsCheck,
  type QueueLagOptions,
  queueLagCheck,
} from './monitoring/checks/figures.ts';
export { diskCheck, type FileSystemCheckOptions, fileSystemCheck } from './monitoring/checks/filesystem.ts';
export { cpuCheck, eventLoopCheck, memoryCheck } from './monitoring/checks/process.ts';
export { type RedisClient, redisCheck } from './monitoring/checks/redis.ts';
export { type Health, type HealthOptions, health } from './monitoring/health.ts';
export type {
  CheckDefinition,
  CheckOutcome,
  CheckRules,
  Finding,
  HealthCheck,
  HealthStatus,
  Measurement,
} from './monitoring/health-check.ts';
export type { HealthEndpoint } from './monitoring/health-endpoint.ts';
export { HealthMonitor, type HealthMonitorOptions, type HealthReport } from './monitoring/health-monitor.ts';
export { type GracefulStopOptions, stopGracefully, stopOnSignals } from './runtime/graceful-stop.ts';
