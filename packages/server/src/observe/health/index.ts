export {
  createPlatformHealth,
  type HealthAnswer,
  type HealthReport,
  type PlatformHealth,
} from './platform-health.ts';
export type { HealthProbe, HealthStatus, ProbeAnswer } from './probe.ts';
export {
  counterStoreProbe,
  heartbeatProbe,
  proberProbe,
  spoolProbe,
  stateStoreProbe,
  telemetryStoreProbe,
} from './probes.ts';
