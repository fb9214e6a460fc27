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

/** A figure of a check: `application/health+json` has it as `name:measurement`. */
export interface Measurement {
  value: number | string;
  /** `ms`, `percent`, `connections`, `days`, … */
  unit: string;
}

/** What a check found, when it says more than a status. */
export interface Finding {
  status: HealthStatus;
  details?: Record<string, unknown>;
  measurements?: Record<string, Measurement>;
}

/** What a check found; `true` is healthy, `false` unhealthy, nothing is healthy. */
// biome-ignore lint/suspicious/noConfusingVoidType: a check that returns nothing at all is healthy
export type CheckOutcome = Finding | HealthStatus | boolean | undefined | void;

/** When a check runs, and how its results become a status. What a check does not say the monitor's options say. */
export interface CheckRules {
  /** Time limit in milliseconds; default 5,000. */
  timeout?: number;
  /** How long a result is good for, milliseconds; default 5,000. */
  ttl?: number;
  /** Runs it in the background every so many milliseconds, so that no caller waits; left out = on demand. */
  interval?: number;
  /** Share by which `ttl` and `interval` are lengthened at random, so that instances do not look at once; default 0.1. */
  jitter?: number;
  /** Failures in a row until a check that passed is unhealthy; default 1. */
  failAfter?: number;
  /** Passes in a row until a check that failed is healthy again; default 1. */
  passAfter?: number;
  /** A pass that is older is degraded, milliseconds; default 60,000, at least three intervals. */
  maxAge?: number;
}

export interface CheckDefinition extends CheckRules {
  name: string;
  /** Does the check. It should give up when `signal` aborts; it is not waited for after that. */
  run(signal: AbortSignal): Promise<CheckOutcome> | CheckOutcome;
  /** Whether the application cannot serve without it. Only such checks turn `/api/health` and readiness to 503. */
  critical?: boolean;
  /** `component` (default), `datastore`, `system`, or a word of your own. */
  componentType?: string;
  /** Routes that suffer with it. */
  affectedEndpoints?: readonly string[];
}

/** `healthy` below the first limit, `degraded` below the second. */
export function gradeBelow(value: number, [healthy, degraded]: readonly [number, number]): HealthStatus {
  if (value < healthy) {
    return 'healthy';
  }
  return value < degraded ? 'degraded' : 'unhealthy';
}

const ORDER: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy'];

export function isStatus(value: unknown): value is HealthStatus {
  return (ORDER as readonly unknown[]).includes(value);
}

/** The worst of them; healthy when there are none. */
export function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  return ORDER[Math.max(0, ...statuses.map((status) => ORDER.indexOf(status)))] as HealthStatus;
}

/** A measurement rounded to a tenth. */
export function measured(value: number, unit: string): Measurement {
  return { value: Math.round(value * 10) / 10, unit };
}
