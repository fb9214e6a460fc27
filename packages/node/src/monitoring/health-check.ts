export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** A finished check, as the guide's report shows it. */
export interface HealthCheck {
  name: string;
  status: HealthStatus;
  /** Milliseconds. */
  responseTime: number;
  details?: Record<string, unknown>;
  lastChecked: Date;
}

/** What a check found; `true` is healthy, `false` unhealthy, nothing is healthy. */
export type CheckOutcome =
  | { status: HealthStatus; details?: Record<string, unknown> }
  | HealthStatus
  | boolean
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a check that returns nothing at all is healthy
  | void;

export interface CheckDefinition {
  name: string;
  /** Does the check. It should give up when `signal` aborts; it is not waited for after that. */
  run(signal: AbortSignal): Promise<CheckOutcome> | CheckOutcome;
  /** Time limit in milliseconds; default 5,000. */
  timeout?: number;
  /** Whether the application cannot serve without it. Only such checks turn `/api/health` and readiness to 503. */
  critical?: boolean;
}

/** `healthy` below the first limit, `degraded` below the second. */
export function gradeBelow(value: number, [healthy, degraded]: readonly [number, number]): HealthStatus {
  if (value < healthy) {
    return 'healthy';
  }
  return value < degraded ? 'degraded' : 'unhealthy';
}
