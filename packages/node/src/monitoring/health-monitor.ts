import { definedOnly } from '../runtime/defined-only.ts';
import { pipeline } from '../runtime/pipeline.ts';
import { type CheckResult, CheckRunner } from './check-runner.ts';
import { type DatabaseCheckOptions, databaseCheck, type PgPool } from './checks/database.ts';
import { type ExternalApi, externalApisCheck } from './checks/external-apis.ts';
import { type FileSystemCheckOptions, fileSystemCheck } from './checks/filesystem.ts';
import { cpuCheck, eventLoopCheck, memoryCheck } from './checks/process.ts';
import { type RedisClient, redisCheck } from './checks/redis.ts';
import { type CheckDefinition, type CheckRules, type HealthCheck, type HealthStatus, worstOf } from './health-check.ts';

/** What is watched; the rules of running hold for each check that has none of its own. */
export interface HealthMonitorOptions extends Omit<CheckRules, 'timeout'> {
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
  readonly #rules: CheckRules;

  constructor(options: HealthMonitorOptions = {}) {
    const { ttl, interval, jitter, failAfter, passAfter, maxAge } = options;
    this.#rules = definedOnly({ ttl, interval, jitter, failAfter, passAfter, maxAge });
    this.#critical = new Set(options.critical);
    this.#runners = [...builtIn(options), ...(options.checks ?? [])].map(
      (check) => new CheckRunner(check, this.#rules),
    );
  }

  /** Adds a check: `monitor.addCheck('queue', async (signal) => (await depth(signal)) < 1000)`. */
  addCheck(name: string, run: CheckDefinition['run'], options: Omit<CheckDefinition, 'name' | 'run'> = {}): this {
    this.#runners.push(new CheckRunner({ name, run, ...options }, this.#rules));
    return this;
  }

  /** Names of the checks, in order. */
  get names(): string[] {
    return this.#runners.map(({ definition }) => definition.name);
  }

  /**
   * Results of the checks, which run side by side. Never rejects; each check has its own entry whatever happens to it.
   * @param which names that are left out, and whether only critical checks run
   */
  results(which: { exclude?: readonly string[]; critical?: boolean } = {}): Promise<CheckResult[]> {
    const { exclude = [], critical = false } = which;
    const wanted = this.#runners.filter(
      ({ definition }) => !exclude.includes(definition.name) && (!critical || this.isCritical(definition)),
    );
    return Promise.all(wanted.map((runner) => runner.result()));
  }

  /** All checks, as {@link results}. */
  async performHealthChecks(): Promise<HealthCheck[]> {
    return (await this.results()).map(({ check }) => check);
  }

  /** False when a critical check is unhealthy. Only critical checks run for it. */
  async canServe(): Promise<boolean> {
    return (await this.results({ critical: true })).every(({ check }) => check.status !== 'unhealthy');
  }

  /** Ends checks in the background. */
  stop(): void {
    for (const runner of this.#runners) runner.stop();
  }

  /** All checks in the guide's shape; the worst check decides the status. */
  async report(): Promise<HealthReport> {
    const checks = await this.performHealthChecks();
    const { release, environment } = pipeline().settings;
    return {
      status: worstOf(checks.map((check) => check.status)),
      timestamp: new Date().toISOString(),
      checks: Object.fromEntries(checks.map(({ name, ...check }) => [name, check])),
      version: release ?? '1.0.0',
      environment,
      uptime: process.uptime(),
    };
  }

  /** Whether the application cannot serve without it. */
  isCritical(check: CheckDefinition): boolean {
    return check.critical === true || this.#critical.has(check.name);
  }
}
