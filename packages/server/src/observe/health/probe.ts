/** `unknown` is what a check says that could not find out, and it is not healthy. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

export interface ProbeAnswer {
  status: HealthStatus;
  /** A sentence; required for anything but healthy, so that nobody has to guess. */
  reason: string | null;
  /** Figures for people. */
  details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** One named check of the platform itself. */
export interface HealthProbe {
  name: string;
  /** Without it nothing can be served: readiness depends on it. */
  critical: boolean;
  /** May throw: that is unhealthy, with the error's message as the reason. */
  check(): Promise<ProbeAnswer> | ProbeAnswer;
}

export const HEALTHY: ProbeAnswer = { status: 'healthy', reason: null };
