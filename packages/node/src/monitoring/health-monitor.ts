import { pipeline } from '../runtime/pipeline.ts';
import { CheckRunner } from './check-runner.ts';
import { type DatabaseCheckOptions, databaseCheck, type PgPool } from './checks/database.ts';
import { type ExternalApi, externalApisCheck } from './checks/external-apis.ts';
import { type FileSystemCheckOptions, fileSystemCheck } from './checks/filesystem.ts';
import { cpuCheck, eventLoopCheck, memoryCheck } from './checks/process.ts';
import { type RedisClient, redisCheck } from './checks/redis.ts';
import type { CheckDefinition, HealthCheck, HealthStatus } from './health-check.ts';

export interface HealthMonitorOptions {
  /** The application's own `pg` pool; no connection of its own is opened. */
  database?: PgPool | DatabaseCheckOptions;
  /** The application's own Redis client. */
  redis?: RedisClient;
  externalApis?: readonly ExternalApi[];
  filesystem?: FileSystemCheckOptions | false;
  /** Further checks. */
  checks?: readonly CheckDefinition[];
  /** Names of checks without which the application cannot serve, beside `database`. */
  critical?: readonly string[];
  /** How long a result is good for, milliseconds; default 5,000. */
  ttl?: number;
}

/** The guide's detailed report. */
export interface HealthReport {
  status: HealthStatus;
  timestamp: string;
  checks: Record<string, Omit<HealthCheck, 'name'>>;
  version: string;
  environment: string;
  /** Seconds. */
  uptime: number;
}

function builtIn(options: HealthMonitorOptions): CheckDefinition[] {
  const { database, redis, externalApis, filesystem } = options;
  const checks: (CheckDefinition | undefined)[] = [
    database && databaseCheck('pool' in database ? database : { pool: database }),
    redis && redisCheck(redis),
    externalApis && externalApisCheck(externalApis),
    filesystem === false ? undefined : fileSystemCheck(filesystem),
    memoryCheck(),
    cpuCheck(),
    eventLoopCheck(),
  ];
  return checks.filter((check): check is CheckDefinition => check !== undefined);
}

/**
 * Looks after the health of this process and of what it depends on. Create one for the process and keep it: results are shared
 * between callers and kept for `ttl`.
 */
export class HealthMonitor {
  readonly #runners: CheckRunner[];
  readonly #critical: ReadonlySet<string>;
  readonly #ttl: number;

  constructor(options: HealthMonitorOptions = {}) {
    this.#ttl = options.ttl ?? 5000;
    this.#critical = new Set(options.critical);
    this.#runners = [...builtIn(options), ...(options.checks ?? [])].map((check) => new CheckRunner(check, this.#ttl));
  }

  /** Adds a check: `monitor.addCheck('queue', async (signal) => (await depth(signal)) < 1000)`. */
  addCheck(name: string, run: CheckDefinition['run'], options: Omit<CheckDefinition, 'name' | 'run'> = {}): this {
    this.#runners.push(new CheckRunner({ name, run, ...options }, this.#ttl));
    return this;
  }

  /** Runs all checks side by side. Never rejects; each check has its own entry whatever happens to it. */
  performHealthChecks(): Promise<HealthCheck[]> {
    return Promise.all(this.#runners.map((runner) => runner.result()));
  }

  /** False when a critical check is unhealthy. Only critical checks run for it. */
  async canServe(): Promise<boolean> {
    const critical = this.#runners.filter((runner) => this.#isCritical(runner.definition));
    const results = await Promise.all(critical.map((runner) => runner.result()));
    return results.every((check) => check.status !== 'unhealthy');
  }

  /** All checks in the guide's shape; the worst check decides the status. */
  async report(): Promise<HealthReport> {
    const checks = await this.performHealthChecks();
    const { release, environment } = pipeline().settings;
    return {
      status: worst(checks),
      timestamp: new Date().toISOString(),
      checks: Object.fromEntries(checks.map(({ name, ...check }) => [name, check])),
      version: release ?? '1.0.0',
      environment,
      uptime: process.uptime(),
    };
  }

  #isCritical(check: CheckDefinition): boolean {
    return check.critical === true || this.#critical.has(check.name);
  }
}

function worst(checks: readonly HealthCheck[]): HealthStatus {
  if (checks.some((check) => check.status === 'unhealthy')) {
    return 'unhealthy';
  }
  return checks.some((check) => check.status === 'degraded') ? 'degraded' : 'healthy';
}
