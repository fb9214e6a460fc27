import { maskSecrets } from '../logging/secrets.ts';
import type { CheckDefinition, CheckOutcome, HealthCheck } from './health-check.ts';

const DEFAULT_TIMEOUT = 5000;

function reasonOf(error: unknown): string {
  const text =
    error instanceof AggregateError
      ? error.errors.map(reasonOf).join('; ')
      : error instanceof Error
        ? error.message
        : String(error);
  return maskSecrets(text).slice(0, 500) || 'unknown error';
}

function normalise(outcome: CheckOutcome): { status: HealthCheck['status']; details?: Record<string, unknown> } {
  if (typeof outcome === 'object') {
    return outcome;
  }
  if (typeof outcome === 'string') {
    return { status: outcome };
  }
  return { status: outcome === false ? 'unhealthy' : 'healthy' };
}

/**
 * Runs one check: at most once at a time, with its own time limit, its result kept for a while. Never rejects; a check that throws or
 * hangs is `unhealthy`, with the reason in `details.error`.
 */
export class CheckRunner {
  readonly definition: CheckDefinition;
  readonly #ttl: number;
  #running: Promise<HealthCheck> | undefined;
  #last: { check: HealthCheck; at: number } | undefined;

  /** @param ttl how long a result is good for, milliseconds */
  constructor(definition: CheckDefinition, ttl: number) {
    this.definition = definition;
    this.#ttl = ttl;
  }

  result(): Promise<HealthCheck> {
    if (this.#last !== undefined && performance.now() - this.#last.at < this.#ttl) {
      return Promise.resolve(this.#last.check);
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<HealthCheck> {
    const startedAt = performance.now();
    const outcome = await this.#outcome().catch((error: unknown) => ({
      status: 'unhealthy' as const,
      details: { error: reasonOf(error) },
    }));
    const at = performance.now();
    const responseTime = Math.round((at - startedAt) * 10) / 10;
    const check = { name: this.definition.name, responseTime, ...outcome, lastChecked: new Date() };
    this.#last = { check, at };
    return check;
  }

  async #outcome() {
    const timeout = this.definition.timeout ?? DEFAULT_TIMEOUT;
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
