import { type CheckState, nextState, statusAt } from './check-state.ts';
import {
  type CheckDefinition,
  type CheckOutcome,
  type CheckRules,
  type Finding,
  type HealthCheck,
  isStatus,
  type Measurement,
} from './health-check.ts';
import { reasonOf } from './reason.ts';

const DEFAULT_TIMEOUT = 5000;
const DEFAULT_TTL = 5000;
const DEFAULT_JITTER = 0.1;

/** A check as the reports show it, with what it measured. */
export interface CheckResult {
  definition: CheckDefinition;
  check: HealthCheck;
  measurements: Record<string, Measurement>;
}

interface LastRun {
  finding: Finding;
  responseTime: number;
  lastChecked: Date;
  /** Until when its result is good, monotonic milliseconds. */
  until: number;
}

/** What a check found. Plain JavaScript may answer anything, such as the result of a query: what names no status is not healthy. */
function normalise(outcome: CheckOutcome): Finding {
  const finding = typeof outcome === 'object' ? outcome : { status: outcome };
  const status = finding?.status as CheckOutcome;
  if (status === undefined && typeof outcome !== 'object') {
    return { status: 'healthy' };
  }
  if (typeof status === 'boolean') {
    return { ...finding, status: status ? 'healthy' : 'unhealthy' };
  }
  if (!isStatus(status)) {
    throw new Error('the check must answer true, false, a status or nothing');
  }
  return { ...finding, status };
}

/**
 * Runs one check: at most once at a time, with its own time limit, its result kept for a while, on demand or in the background.
 * Never rejects; a check that throws or hangs is `unhealthy`, with the reason in `details.error`.
 */
export class CheckRunner {
  readonly definition: CheckDefinition;
  readonly #rules: CheckRules;
  #running: Promise<void> | undefined;
  #last: LastRun | undefined;
  #state: CheckState | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param defaults rules for what the check leaves open */
  constructor(definition: CheckDefinition, defaults: CheckRules = {}) {
    this.definition = definition;
    this.#rules = { ...defaults, ...definition };
  }

  async result(): Promise<CheckResult> {
    const last = this.#last;
    const due = last === undefined || performance.now() >= last.until;
    if (due) {
      const run = this.#refresh();
      if (last === undefined || this.#rules.interval === undefined) await run;
    }
    return this.#present();
  }

  /** Ends the runs in the background. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #refresh(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    const startedAt = performance.now();
    const finding = await this.#finding().catch(
      (error: unknown): Finding => ({ status: 'unhealthy', details: { error: reasonOf(error) } }),
    );
    const at = performance.now();
    const { ttl = DEFAULT_TTL, interval, jitter = DEFAULT_JITTER } = this.#rules;
    const pause = (interval ?? ttl) * (1 + Math.random() * jitter);
    this.#state = nextState(this.#state, finding.status, at, this.#rules);
    const responseTime = Math.round((at - startedAt) * 10) / 10;
    this.#last = { finding, responseTime, lastChecked: new Date(), until: at + pause };
    if (interval !== undefined && !this.#stopped) {
      this.#timer = setTimeout(() => void this.#refresh(), pause);
      this.#timer.unref();
    }
  }

  #present(): CheckResult {
    const { finding, responseTime, lastChecked } = this.#last as LastRun;
    const { status, reason } = statusAt(this.#state as CheckState, performance.now(), this.#rules);
    const details = reason === undefined ? finding.details : { ...finding.details, reason };
    const check = { name: this.definition.name, status, responseTime, ...(details && { details }), lastChecked };
    return { definition: this.definition, check, measurements: finding.measurements ?? {} };
  }

  async #finding(): Promise<Finding> {
    const { timeout = DEFAULT_TIMEOUT } = this.#rules;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`no result within ${timeout} ms`);
        controller.abort(error);
        reject(error);
      }, timeout);
    });
    try {
      const work = (async () => this.definition.run(controller.signal))();
      return normalise(await Promise.race([work, limit]));
    } finally {
      clearTimeout(timer);
    }
  }
}
