import type { CheckDefinition, Finding, HealthStatus } from '../health-check.ts';
import { quoteName } from './database.ts';

/** What all checks take that ask the application for a figure. */
export type FigureCheckOptions = Partial<Pick<CheckDefinition, 'name' | 'critical' | 'timeout' | 'affectedEndpoints'>>;

/** A check of the application's own figure. */
export function figureCheck(
  name: string,
  options: FigureCheckOptions,
  run: (signal: AbortSignal) => Promise<Finding>,
): CheckDefinition {
  const { critical, timeout, affectedEndpoints } = options;
  return {
    name: options.name ?? name,
    ...(critical === undefined ? {} : { critical }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(affectedEndpoints === undefined ? {} : { affectedEndpoints }),
    run,
  };
}

/** At the limits and below it is still well. */
function gradeAbove(value: number, [degraded, unhealthy]: readonly [number, number]): HealthStatus {
  if (value > unhealthy) return 'unhealthy';
  return value > degraded ? 'degraded' : 'healthy';
}

export interface QueueLagOptions extends FigureCheckOptions {
  /** How long the oldest job has waited, seconds. */
  lag(signal: AbortSignal): Promise<number> | number;
  /** Seconds above which it is degraded and unhealthy; default 60 and 300. */
  limits?: readonly [number, number];
}

/** Whether the work of a queue keeps up. */
export function queueLagCheck(options: QueueLagOptions): CheckDefinition {
  return figureCheck('queue', options, async (signal) => {
    const lag = await options.lag(signal);
    if (!Number.isFinite(lag)) throw new Error('the lag of the queue is not known');
    return {
      status: gradeAbove(lag, options.limits ?? [60, 300]),
      details: { lagSeconds: lag },
      measurements: { lag: { value: lag, unit: 's' } },
    };
  });
}

export interface BackupAgeOptions extends FigureCheckOptions {
  /** When the last good backup began; nothing where there is none. */
  last(
    signal: AbortSignal,
  ): Promise<Date | string | number | null | undefined> | Date | string | number | null | undefined;
  /** Hours above which it is degraded and unhealthy; default 26 and 50: one and two missed nights. */
  limits?: readonly [number, number];
  /** Wall clock in milliseconds, for tests. */
  now?: () => number;
}

/** How old the last backup is. None at all, or one of which the time cannot be read, is unhealthy. */
export function backupAgeCheck(options: BackupAgeOptions): CheckDefinition {
  return figureCheck('backup', options, async (signal) => {
    const last = await options.last(signal);
    const began = last === null || last === undefined ? Number.NaN : new Date(last).getTime();
    if (Number.isNaN(began)) throw new Error('no backup is known');
    const hours = Math.round(((options.now ?? Date.now)() - began) / 360_000) / 10;
    return {
      status: gradeAbove(hours, options.limits ?? [26, 50]),
      details: { ageHours: hours, last: new Date(began).toISOString() },
      measurements: { age: { value: hours, unit: 'h' } },
    };
  });
}

export interface MigrationsOptions extends FigureCheckOptions {
  /** Names of all migrations that this release needs. */
  expected: readonly string[] | (() => Promise<readonly string[]> | readonly string[]);
  /** Names of those that the database has, or a pool to read them with. */
  applied:
    | { query(text: string): Promise<{ rows: unknown[] }> }
    | (() => Promise<readonly string[]> | readonly string[]);
  /** Table and column that a pool is asked for; default `migrations` and `name`. */
  table?: string;
  column?: string;
}

/** Unhealthy while the database lacks a migration that this release was written for. */
export function migrationsCheck(options: MigrationsOptions): CheckDefinition {
  const { expected, applied, table = 'migrations', column = 'name' } = options;
  const has = async (): Promise<readonly string[]> => {
    if (typeof applied === 'function') return applied();
    const { rows } = await applied.query(`select ${quoteName(column)} as name from ${quoteName(table)}`);
    return rows.map((row) => String((row as { name: unknown }).name));
  };
  return figureCheck('migrations', { critical: true, ...options }, async () => {
    const known = new Set(await has());
    const wanted = typeof expected === 'function' ? await expected() : expected;
    const pending = wanted.filter((name) => !known.has(name));
    return {
      status: pending.length === 0 ? 'healthy' : 'unhealthy',
      details: pending.length === 0 ? {} : { error: `${pending.length} pending`, pending: pending.slice(0, 20) },
      measurements: { pending: { value: pending.length, unit: 'migrations' } },
    };
  });
}
