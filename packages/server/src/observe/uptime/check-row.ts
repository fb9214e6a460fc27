import type { MonitorState } from '@yumops/protocol';
import type { TelemetryRow } from '../../lib/telemetry.ts';
import type { CheckResult } from './check.ts';
import type { CheckIn as SdkCheckIn } from './check-in-monitors.ts';
import type { MonitorConfig } from './config.ts';
import type { Signal } from './kinds/heartbeat/beats.ts';

/** Relations that the prober writes. */
export const CHECKS = 'checks';
export const HEALTH_CHECKS = 'health_checks';
export const CHECK_INS = 'check_ins';

/** A finished check with what makes it a row. */
export interface FinishedCheck {
  id: string;
  monitor: MonitorConfig;
  result: CheckResult;
  /** What the monitor was held to be after it. */
  state: MonitorState;
  /** When it began, milliseconds since the epoch. */
  startedAt: number;
  /** When the one before began; null for the first. */
  previousAt: number | null;
  location: string;
  /** Work on what it watches is planned: the check says nothing of its availability. Default false. */
  planned?: boolean;
}

/** The row of `checks`. */
export function checkRow(check: FinishedCheck): TelemetryRow {
  const { monitor, result } = check;
  return {
    ...originOf(check),
    id: check.id,
    kind: monitor.kind,
    location: check.location,
    ok: result.verdict === 'up' || result.verdict === 'degraded',
    state: check.planned ? 'maintenance' : check.state,
    coveredMs: coveredMs(check),
    durationMs: result.durationMs,
    dnsMs: result.phases.dns,
    connectMs: result.phases.connect,
    tlsMs: result.phases.tls,
    firstByteMs: result.phases.firstByte,
    bodyMs: result.phases.body,
    statusCode: result.statusCode,
    certificateDays: result.certificate?.days ?? null,
    reason: result.reason,
    evidence: result.evidence === null ? '' : JSON.stringify(result.evidence),
  };
}

/** The rows of `health_checks`, one per named check. */
export function healthRows(check: FinishedCheck): TelemetryRow[] {
  return check.result.named.map(({ name, verdict, reason, durationMs }) => ({
    ...originOf(check),
    name,
    state: verdict,
    durationMs,
    reason,
  }));
}

/** What a job said of itself. */
export interface CheckIn {
  id: string;
  monitor: MonitorConfig;
  signal: Omit<Signal, 'at'>;
  /** Milliseconds since the epoch. */
  at: number;
  /** Milliseconds of the run that ended; null when its start was not told. */
  runMs: number | null;
}

/** The row of `check_ins`. */
export function checkInRow({ id, monitor, signal, at, runMs }: CheckIn): TelemetryRow {
  return {
    ...originOf({ monitor, startedAt: at }),
    id,
    slug: monitor.id,
    status: signal.kind,
    exitCode: signal.exit,
    durationMs: signal.kind === 'start' ? null : runMs,
    output: signal.output,
  };
}

/** The row that says that a check-in of an SDK, whose own row has its id and time, does not count. */
export function ignoredRow({ id, project, slug, environment, at }: SdkCheckIn): TelemetryRow {
  return {
    timestamp: at,
    project,
    service: '',
    environment: environment ?? '',
    release: '',
    monitorId: slug,
    monitor: slug,
    id,
    slug,
    status: 'ignored',
    exitCode: null,
    durationMs: null,
    output: '',
  };
}

function originOf({ monitor, startedAt }: Pick<FinishedCheck, 'monitor' | 'startedAt'>): TelemetryRow {
  return {
    timestamp: startedAt,
    project: monitor.project ?? '',
    service: '',
    environment: monitor.environment ?? '',
    release: '',
    monitorId: monitor.id,
    monitor: monitor.name,
  };
}

/**
 * The time that a check stands for: since the one before, at most one and a half intervals. A longer gap is time that
 * nobody watched, and counts neither as good nor as bad.
 */
function coveredMs({ monitor, startedAt, previousAt }: FinishedCheck): number {
  if (previousAt === null) return Math.round(monitor.intervalMs);
  const gap = startedAt - previousAt;
  return Math.round(gap < 0 || gap > monitor.intervalMs * 1.5 ? monitor.intervalMs : gap);
}
