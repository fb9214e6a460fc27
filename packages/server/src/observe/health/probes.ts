import type { Clock } from '../../lib/clock.ts';
import type { Queryable } from '../../lib/db.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { HEALTHY, type HealthProbe, type ProbeAnswer } from './probe.ts';

/** The state store answers a query. */
export function stateStoreProbe(db: Queryable): HealthProbe {
  return {
    name: 'state-store',
    critical: true,
    async check() {
      await db.query('SELECT 1');
      return HEALTHY;
    },
  };
}

/** The telemetry store answers a query. Ingest goes on without it, so readiness does not depend on it. */
export function telemetryStoreProbe(telemetry: TelemetryStore): HealthProbe {
  return {
    name: 'telemetry-store',
    critical: false,
    async check() {
      await telemetry.query('SELECT 1', {}, { maxSeconds: 5 });
      return HEALTHY;
    },
  };
}

/** The counter store counts. Without it the state store does, so readiness does not depend on it. */
export function counterStoreProbe(trouble: () => Promise<string | null>): HealthProbe {
  return {
    name: 'counter-store',
    critical: false,
    async check() {
      const reason = await trouble();
      return reason === null ? HEALTHY : { status: 'degraded', reason };
    },
  };
}

/** Figures of the ingest spool. */
export interface SpoolFigures {
  bytes: number;
  /** At this size records are refused. */
  limitBytes: number;
  /** Age of the oldest record that is not in the store, seconds. */
  lagSeconds: number;
  /** What keeps the spool from being written or emptied, as a sentence; null when nothing does. */
  trouble: string | null;
}

/** A body that no longer fits is refused a little before the limit is reached. */
const SPOOL_FULL = 0.99;
const SPOOL_FILLING = 0.5;
const LAG_SECONDS = 120;

/** The spool has room and is being emptied. */
export function spoolProbe(read: () => SpoolFigures): HealthProbe {
  return { name: 'spool', critical: true, check: () => judgeSpool(read()) };
}

function judgeSpool({ bytes, limitBytes, lagSeconds, trouble }: SpoolFigures): ProbeAnswer {
  const share = bytes / limitBytes;
  const details = { bytes, limitBytes, lagSeconds };
  if (share >= SPOOL_FULL) return { status: 'unhealthy', reason: 'The spool is full: records are refused.', details };
  if (trouble !== null) return { status: 'degraded', reason: trouble, details };
  if (share >= SPOOL_FILLING) {
    return { status: 'degraded', reason: `The spool is ${Math.round(share * 100)} % full.`, details };
  }
  if (lagSeconds > LAG_SECONDS) {
    const lag = formatDuration(lagSeconds * 1_000);
    return { status: 'degraded', reason: `Records reach the telemetry store ${lag} late.`, details };
  }
  return { ...HEALTHY, details };
}

export interface HeartbeatOptions {
  /** `evaluator`, `delivery`, … */
  name: string;
  clock: Clock;
  /** When it last did its work, milliseconds on the monotonic clock; null = not yet. */
  lastAt(): number | null;
  /** It is late after so long, milliseconds, and held to be stuck after five times as long. */
  everyMs: number;
}

/** A part that works in a rhythm has worked lately. */
export function heartbeatProbe({ name, clock, lastAt, everyMs }: HeartbeatOptions): HealthProbe {
  return {
    name,
    critical: false,
    check() {
      const last = lastAt();
      if (last === null) return { status: 'unknown', reason: `The ${name} has not run yet.` };
      const ageMs = clock.monotonic() - last;
      const details = { ageMs: Math.round(ageMs) };
      if (ageMs <= everyMs) return { ...HEALTHY, details };
      const status = ageMs > 5 * everyMs ? 'unhealthy' : 'degraded';
      return { status, reason: `The ${name} last ran ${formatDuration(ageMs)} ago.`, details };
    },
  };
}

/** Figures of the prober of monitors. */
export interface ProberFigures {
  monitors: number;
  running: number;
  waiting: number;
  overdueMs: number;
  dropped: number;
}

const PROBER_LATE_MS = 5_000;
const PROBER_STUCK_MS = 60_000;

/** Monitors are checked when they are due. */
export function proberProbe(read: () => ProberFigures): HealthProbe {
  return {
    name: 'prober',
    critical: false,
    check() {
      const { monitors, running, waiting, overdueMs, dropped } = read();
      const details = { monitors, running, waiting, overdueMs: Math.round(overdueMs), dropped };
      if (overdueMs <= PROBER_LATE_MS) return { ...HEALTHY, details };
      const reason = `Monitors are checked ${formatDuration(overdueMs)} late.`;
      return { status: overdueMs > PROBER_STUCK_MS ? 'unhealthy' : 'degraded', reason, details };
    },
  };
}
