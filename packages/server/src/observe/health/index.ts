export {
  createPlatformHealth,
  type HealthAnswer,
  type HealthReport,
  type PlatformHealth,
  type PlatformHealthOptions,
} from './platform-health.ts';
export type { HealthProbe, HealthStatus, ProbeAnswer } from './probe.ts';
export {
  counterStoreProbe,
  type HeartbeatOptions,
  heartbeatProbe,
  type ProberFigures,
  proberProbe,
  type SpoolFigures,
  spoolProbe,
  stateStoreProbe,
  telemetryStoreProbe,
} from './probes.ts';
