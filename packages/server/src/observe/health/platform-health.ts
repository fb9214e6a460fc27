import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { HealthProbe, HealthStatus, ProbeAnswer } from './probe.ts';

/** One check in the report. */
export interface ReportedCheck {
  status: HealthStatus;
  /** Milliseconds. */
  responseTime: number;
  details: Record<string, string | number | boolean | null>;
  lastChecked: string;
}

/** The same shape that applications give at `/api/health/detailed`. */
export interface HealthReport {
  status: 'healthy' | 'degraded' | 'unhealthy';
  timestamp: string;
  checks: Record<string, ReportedCheck>;
  version: string;
  environment: string;
  /** Seconds since the start. */
  uptime: number;
}

/** What an HTTP route sends. */
export interface HealthAnswer<Body> {
  statusCode: 200 | 202 | 503;
  headers: Readonly<Record<string, string>>;
  body: Body;
}

export interface PlatformHealth {
  /** `GET /livez`: the process runs its event loop; nothing else is asked. */
  livez(): HealthAnswer<{ status: 'healthy' }>;
  /** `GET /readyz`: 200 when every critical check is healthy or degraded, else 503 with the names of the others. */
  readyz(): Promise<HealthAnswer<{ status: 'healthy' | 'unhealthy'; failing: string[] }>>;
  /** The whole report: 200 healthy, 202 degraded, 503 unhealthy. */
  detailed(): Promise<HealthAnswer<HealthReport>>;
  /** One sentence for each check that is not healthy. */
  problems(): Promise<string[]>;
  /** From now on not ready: the process is about to stop. */
  drain(): void;
}

export interface PlatformHealthOptions {
  clock: Clock;
  probes: readonly HealthProbe[];
  version: string;
  environment: string;
}

/** A check that takes longer than this is unhealthy. */
const TIMEOUT_MS = 5_000;

/** An answer stands so long, so that many who ask do not load the stores. */
const FRESH_MS = 1_000;

interface Finding {
  probe: HealthProbe;
  answer: ProbeAnswer;
  responseTime: number;
  checkedAt: number;
}

/** Makes the platform's report of its own health. */
export function createPlatformHealth(options: PlatformHealthOptions): PlatformHealth {
  const { clock } = options;
  const startedAt = clock.monotonic();
  let last: { at: number; findings: Promise<Finding[]> } | undefined;
  let draining = false;

  const look = (): Promise<Finding[]> => {
    const now = clock.monotonic();
    if (!last || now - last.at >= FRESH_MS) {
      last = { at: now, findings: Promise.all(options.probes.map((probe) => ask(probe, clock))) };
    }
    return last.findings;
  };

  return {
    livez: () => ({ statusCode: 200, headers: NO_CACHE, body: { status: 'healthy' } }),
    async readyz() {
      const failing = draining ? ['draining'] : (await look()).filter(preventsReadiness).map(({ probe }) => probe.name);
      const status = failing.length === 0 ? 'healthy' : 'unhealthy';
      return { statusCode: failing.length === 0 ? 200 : 503, headers: NO_CACHE, body: { status, failing } };
    },
    async detailed() {
      const findings = await look();
      const status = overall(findings);
      const headers = { ...NO_CACHE, 'x-health-check': status };
      const uptime = Math.round((clock.monotonic() - startedAt) / 1_000);
      const { version, environment } = options;
      const timestamp = new Date(clock.now()).toISOString();
      const checks = Object.fromEntries(findings.map((finding) => [finding.probe.name, toReported(finding)]));
      const body = { status, timestamp, checks, version, environment, uptime };
      return { statusCode: CODES[status], headers, body };
    },
    async problems() {
      return (await look()).flatMap(({ probe, answer }) =>
        answer.status === 'healthy' ? [] : [answer.reason ?? `${probe.name} is ${answer.status}.`],
      );
    },
    drain() {
      draining = true;
    },
  };
}

const NO_CACHE = { 'cache-control': 'no-cache, no-store, must-revalidate' };
const CODES = { healthy: 200, degraded: 202, unhealthy: 503 } as const;

async function ask(probe: HealthProbe, clock: Clock): Promise<Finding> {
  const startedAt = clock.monotonic();
  const answer = await answerInTime(probe, clock);
  return { probe, answer, responseTime: Math.round(clock.monotonic() - startedAt), checkedAt: clock.now() };
}

function answerInTime(probe: HealthProbe, clock: Clock): Promise<ProbeAnswer> {
  const unhealthy = (reason: string): ProbeAnswer => ({ status: 'unhealthy', reason });
  return new Promise((resolve) => {
    const alarm = clock.after(TIMEOUT_MS, () => resolve(unhealthy(`The check ${probe.name} took more than 5 s.`)));
    Promise.resolve()
      .then(() => probe.check())
      .then(resolve, (error: unknown) => resolve(unhealthy(`The check ${probe.name} failed: ${messageOf(error)}`)))
      .finally(() => alarm.cancel());
  });
}

function preventsReadiness({ probe, answer }: Finding): boolean {
  return probe.critical && (answer.status === 'unhealthy' || answer.status === 'unknown');
}

function overall(findings: readonly Finding[]): HealthReport['status'] {
  if (findings.some(({ answer }) => answer.status === 'unhealthy')) return 'unhealthy';
  return findings.every(({ answer }) => answer.status === 'healthy') ? 'healthy' : 'degraded';
}

function toReported({ answer, responseTime, checkedAt }: Finding): ReportedCheck {
  const reason = answer.reason === null ? {} : { reason: answer.reason };
  const lastChecked = new Date(checkedAt).toISOString();
  return { status: answer.status, responseTime, details: { ...reason, ...answer.details }, lastChecked };
}
