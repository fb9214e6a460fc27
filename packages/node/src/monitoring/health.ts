import { pipeline } from '../runtime/pipeline.ts';
import { isStopping } from '../runtime/readiness.ts';
import type { CheckResult } from './check-runner.ts';
import { mayReadDetails } from './health-access.ts';
import { type HealthStatus, worstOf } from './health-check.ts';
import { type Answer, type Caller, endpointOf, type HealthEndpoint } from './health-endpoint.ts';
import { healthJson, json, reasonIn, STANDARD, standardChecks, text, verboseText } from './health-formats.ts';
import { HealthMonitor, type HealthMonitorOptions } from './health-monitor.ts';

export interface HealthOptions extends HealthMonitorOptions {
  /** A monitor that is there already, in place of the options of one. */
  monitor?: HealthMonitor;
  /** Bearer token that opens details; default `HEALTH_TOKEN`. Without one only private addresses read them. */
  token?: string;
  /** Version of the application's public interface; default the release. */
  version?: string;
  /** Default the service's name. */
  serviceId?: string;
  /** Whether `startupz` waits for a call of `started()` too. */
  waitForStarted?: boolean;
}

/** The endpoints of an application's health. Anybody learns the status alone; details are for the token or a private address. */
export interface Health {
  readonly monitor: HealthMonitor;
  /** Liveness: 200 while the process answers at all. It never looks at a dependency. */
  readonly livez: HealthEndpoint;
  /** Readiness: 503 while a critical check is unhealthy, and from the moment the process is told to stop. */
  readonly readyz: HealthEndpoint;
  /** Startup: 503 until all critical checks have passed once; 200 from then on. */
  readonly startupz: HealthEndpoint;
  /** All checks as `application/health+json`: 200 pass and warn, 503 fail. What is not critical only warns. */
  readonly healthz: HealthEndpoint;
  /** `{"status":"healthy"}`: 200, or 503 when a critical check is unhealthy. */
  readonly status: HealthEndpoint;
  /** The whole report: 200 healthy, 202 degraded, 503 unhealthy; 401 for whoever may not read it. */
  readonly detailed: HealthEndpoint;
  /** Says that the application has started, where `waitForStarted` is set. */
  started(): void;
}

type Line = Parameters<typeof verboseText>[2][number];

const REPORT_CODES: Record<HealthStatus, number> = { healthy: 200, degraded: 202, unhealthy: 503 };
const UNAUTHORIZED = json(
  { error: { code: 'unauthorized', message: 'Send the health token as a bearer token.' } },
  401,
  { 'www-authenticate': 'Bearer' },
);

/** Health endpoints of this process. Create them once, and keep them: `export const { readyz } = health({ checks })`. */
export function health(options: HealthOptions = {}): Health {
  const monitor = options.monitor ?? new HealthMonitor(options);
  const probes = new Probes(monitor, options);
  return {
    monitor,
    livez: endpointOf(async (caller) => probes.livez(caller)),
    readyz: endpointOf((caller) => probes.readyz(caller)),
    startupz: endpointOf((caller) => probes.startupz(caller)),
    healthz: endpointOf((caller) => probes.healthz(caller)),
    status: endpointOf(async () => {
      const healthy = await monitor.canServe();
      return json({ status: healthy ? 'healthy' : 'unhealthy' }, healthy ? 200 : 503);
    }),
    detailed: endpointOf(async (caller) => {
      if (!mayReadDetails(caller, options.token)) return UNAUTHORIZED;
      const report = await monitor.report();
      return json(report, REPORT_CODES[report.status], { 'x-health-check': report.status });
    }),
    started: () => probes.started(),
  };
}

class Probes {
  readonly #monitor: HealthMonitor;
  readonly #options: HealthOptions;
  #waiting: boolean;
  #hasStarted = false;

  constructor(monitor: HealthMonitor, options: HealthOptions) {
    this.#monitor = monitor;
    this.#options = options;
    this.#waiting = options.waitForStarted === true;
  }

  started(): void {
    this.#waiting = false;
  }

  livez(caller: Caller): Answer {
    const lines: Line[] = [{ name: 'ping', status: 'healthy' }];
    return this.#wantsList(caller) ? verboseText('livez', true, lines) : text('ok', 200);
  }

  async readyz(caller: Caller): Promise<Answer> {
    const stopping = isStopping();
    if (stopping && !this.#wantsList(caller)) return text('stopping', 503);
    const own: Line = { name: 'shutdown', status: stopping ? 'unhealthy' : 'healthy' };
    return this.#judged('readyz', caller, own, 'not ready');
  }

  async startupz(caller: Caller): Promise<Answer> {
    if (this.#hasStarted) return this.#wantsList(caller) ? verboseText('startupz', true, []) : text('ok', 200);
    const own: Line = { name: 'started', status: this.#waiting ? 'unhealthy' : 'healthy' };
    const answer = await this.#judged('startupz', caller, own, 'starting');
    this.#hasStarted ||= answer.status === 200 && this.#excluded(caller).length === 0;
    return answer;
  }

  async healthz(caller: Caller): Promise<Answer> {
    const results = await this.#results(caller);
    if (this.#wantsList(caller)) {
      return verboseText('healthz', this.#canServe(results), results.map(lineOf), this.#leftOut(caller));
    }
    const worst = worstOf(results.map(({ check }) => check.status));
    // Only what is critical fails the whole.
    const status = STANDARD[worst === 'unhealthy' && this.#canServe(results) ? 'degraded' : worst];
    if (!mayReadDetails(caller, this.#options.token)) return healthJson({ status });
    const { release, service } = pipeline().settings;
    const { version = release, serviceId = service } = this.#options;
    const about = { ...(version && { version }), ...(release && { releaseId: release }), serviceId };
    const leftOut = this.#leftOut(caller).flatMap(({ name, known }) => (known ? [`${name} was left out`] : []));
    const notes = leftOut.length === 0 ? {} : { notes: leftOut };
    const body = { status, ...about, ...notes, checks: standardChecks(results) };
    return healthJson(body);
  }

  /** Readiness and startup: the endpoint's own condition, and the critical checks. A list names all the others too. */
  async #judged(endpoint: string, caller: Caller, own: Line, refusal: string): Promise<Answer> {
    const list = this.#wantsList(caller);
    const results = await this.#results(caller, list ? undefined : 'critical');
    const ok = own.status === 'healthy' && this.#canServe(results);
    if (list) return verboseText(endpoint, ok, [own, ...results.map(lineOf)], this.#leftOut(caller));
    const leftOut = this.#leftOut(caller).filter(({ known }) => known);
    const without = leftOut.length === 0 ? '' : ` without ${leftOut.length} of the checks`;
    return text((ok ? 'ok' : refusal) + without, ok ? 200 : 503);
  }

  #results(caller: Caller, only?: 'critical'): Promise<CheckResult[]> {
    return this.#monitor.results({ exclude: this.#excluded(caller), critical: only === 'critical' });
  }

  #canServe(results: readonly CheckResult[]): boolean {
    return !results.some(
      ({ definition, check }) => check.status === 'unhealthy' && this.#monitor.isCritical(definition),
    );
  }

  /** Whoever learns the names of checks could ask for one after the other: only readers of details may. */
  #excluded(caller: Caller): string[] {
    const names = caller.query.getAll('exclude').flatMap((list) => list.split(','));
    return names.length > 0 && mayReadDetails(caller, this.#options.token) ? names : [];
  }

  #leftOut(caller: Caller): { name: string; known: boolean }[] {
    return this.#excluded(caller).map((name) => ({ name, known: this.#monitor.names.includes(name) }));
  }

  #wantsList(caller: Caller): boolean {
    const wanted = caller.query.get('verbose');
    return wanted !== null && wanted !== 'false' && wanted !== '0' && mayReadDetails(caller, this.#options.token);
  }
}

function lineOf(result: CheckResult): Line {
  const { name, status } = result.check;
  return { name, status, reason: status === 'healthy' ? undefined : reasonIn(result) };
}
