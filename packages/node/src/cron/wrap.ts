import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureCheckIn, captureException, flush } from '../errors/capture.ts';
import { ensureClient } from '../errors/current.ts';
import { logger } from '../logging/default-logger.ts';
import { pipeline, warnOnStderr } from '../runtime/pipeline.ts';
import { LocalLock, openLock } from './lock.ts';
import type { CronLock, CronOptions, CronRun, Skipped } from './options.ts';
import { scheduledMinute } from './schedule.ts';

/** A request of the Pages API or of a plain server, and its response. */
interface NodeRequest {
  headers: { authorization?: string | undefined };
}
interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
  writableEnded?: boolean;
}

const MINUTE = 60_000;
/** A run that was done is known for so long, ms: no platform repeats a call later. */
const DONE_FOR = 6 * 3_600_000;

/**
 * Makes a scheduled job of `work`: its start, end and failure are told to YumOps, which makes a heartbeat monitor of it, and it does
 * not run twice. What is returned is a handler for a route (`export const GET = wrap(…)`), for the Pages API, and a function
 * for any scheduler. A request must carry `Authorization: Bearer CRON_SECRET`; without a secret in the environment nobody may call.
 * What the job throws is captured and thrown on.
 */
export function wrap<Result>(
  slug: string,
  work: (run: CronRun) => Result | Promise<Result>,
  options: CronOptions = {},
): {
  (request: Request, ...rest: unknown[]): Promise<Response>;
  (request: NodeRequest, response: NodeResponse): Promise<void>;
  (): Promise<Result | Skipped>;
} {
  const job = new Job(slug, work, options);
  const entry = async (request?: unknown, response?: unknown) => {
    const header = authorizationOf(request);
    if (header === undefined) return job.run();
    const answer = isAllowed(header, options.secret) ? await job.run() : REFUSED;
    if (!isNodeResponse(response)) return toResponse(answer);
    toNode(response, answer);
    return undefined;
  };
  return entry as ReturnType<typeof wrap<Result>>;
}

class Job<Result> {
  readonly #slug: string;
  readonly #work: (run: CronRun) => Result | Promise<Result>;
  readonly #options: CronOptions;
  readonly #local: LocalLock;
  #shared: { lock: CronLock | undefined } | undefined;

  constructor(slug: string, work: (run: CronRun) => Result | Promise<Result>, options: CronOptions) {
    this.#slug = slug;
    this.#work = work;
    this.#options = options;
    this.#local = new LocalLock(() => this.#now());
  }

  async run(): Promise<Result | Skipped> {
    const { schedule, tz = 'UTC', overlap = 'skip' } = this.#options;
    const now = this.#now();
    const scheduledAt = scheduledMinute(schedule ?? '', tz, now, this.#margin * MINUTE);
    const atWork = `yumops:cron:${this.#slug}`;
    const done = `${atWork}:${scheduledAt}`;
    if (schedule !== undefined && !(await this.#acquire(done, this.#claim))) return { skipped: 'already_ran' };
    if (overlap !== 'allow' && !(await this.#begin(atWork))) {
      if (schedule !== undefined) await this.#release(done);
      return { skipped: 'running' };
    }
    try {
      const result = await this.#watched(scheduledAt);
      if (schedule !== undefined) await this.#extend(done);
      return result;
    } catch (error) {
      // Whoever calls again may have more luck.
      if (schedule !== undefined) await this.#release(done);
      throw error;
    } finally {
      if (overlap !== 'allow') await this.#release(atWork);
    }
  }

  async #begin(key: string): Promise<boolean> {
    const end = this.#now() + this.#lease;
    while (!(await this.#acquire(key, this.#lease))) {
      if (this.#options.overlap !== 'queue' || this.#now() >= end) return false;
      await sleep(this.#options.pollEvery ?? 1_000);
    }
    return true;
  }

  async #watched(scheduledAt: number): Promise<Result> {
    ensureClient();
    const { schedule, tz = 'UTC' } = this.#options;
    const monitor = schedule && {
      schedule: { type: 'crontab', value: schedule } as const,
      ...{ timezone: tz, checkinMargin: this.#margin, maxRuntime: this.#maxRuntime },
    };
    const monitorSlug = this.#slug;
    const checkInId = captureCheckIn({ monitorSlug, status: 'in_progress' }, monitor || undefined);
    const started = performance.now();
    const end = async (status: 'ok' | 'error') => {
      captureCheckIn({ checkInId, monitorSlug, status, duration: (performance.now() - started) / 1000 });
      // On platforms that stop a function with its answer, what waits would wait for the next call.
      await flush(2_000);
    };
    try {
      const result = await this.#limited(scheduledAt);
      await end(result instanceof Response && result.status >= 500 ? 'error' : 'ok');
      return result;
    } catch (error) {
      captureException(error, { tags: { cron: monitorSlug } });
      await end('error');
      throw error;
    }
  }

  async #limited(scheduledAt: number): Promise<Result> {
    const control = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`${this.#slug} ran for longer than ${this.#maxRuntime} minutes`);
        control.abort(error);
        reject(error);
      }, this.#maxRuntime * MINUTE);
      timer.unref();
    });
    const idempotencyKey = `${this.#slug}:${new Date(scheduledAt).toISOString().slice(0, 16)}Z`;
    const run = { slug: this.#slug, scheduledAt, idempotencyKey, signal: control.signal };
    const work = async () => this.#work(run);
    try {
      return await Promise.race([work(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Where instances cannot agree this process does alone: a job that does not run is worse than one that might run twice. */
  async #acquire(key: string, ttl: number): Promise<boolean> {
    if (!(await this.#local.acquire(key, ttl))) return false;
    try {
      if ((await this.#lock?.acquire(key, ttl)) ?? true) return true;
      await this.#local.release(key);
      return false;
    } catch (reason) {
      logger.warn('The lock of a scheduled job cannot be reached; it runs without', { cron: this.#slug, reason });
      return true;
    }
  }

  async #release(key: string): Promise<void> {
    await this.#local.release(key);
    await this.#lock?.release(key).catch((reason: unknown) => this.#notTold(reason));
  }

  async #extend(key: string): Promise<void> {
    await this.#local.extend(key, DONE_FOR);
    await this.#lock?.extend?.(key, DONE_FOR).catch((reason: unknown) => this.#notTold(reason));
  }

  /** The lock ends by itself: until then a further call may be skipped, after it a call for the same minute runs again. */
  #notTold(reason: unknown): void {
    logger.warn('The lock of a scheduled job was not told that a run has ended', { cron: this.#slug, reason });
  }

  get #lease(): number {
    return (this.#maxRuntime + 1) * MINUTE;
  }

  /** For how long a run that has begun keeps others from its minute: one that was killed is soon known to be none. */
  get #claim(): number {
    if (this.#lock !== undefined && this.#lock.extend === undefined) return DONE_FOR;
    return this.#options.overlap === 'queue' ? 2 * this.#lease : this.#lease;
  }

  get #lock(): CronLock | undefined {
    this.#shared ??= { lock: openLock(this.#options.lock ?? pipeline().settings.redisUrl) };
    return this.#shared.lock;
  }

  get #margin(): number {
    return this.#options.margin ?? 15;
  }

  get #maxRuntime(): number {
    return this.#options.maxRuntime ?? 10;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

const REFUSED = Symbol('refused');

/**
 * Whether a request carries `Authorization: Bearer CRON_SECRET`, for a route of the scheduler that is no job. Without a secret in the
 * environment none does.
 */
export function isAuthorized(request: unknown, secret?: string): boolean {
  return isAllowed(authorizationOf(request) ?? '', secret);
}

/**
 * The header of a request, empty when it has none; undefined for whatever is no request. Some frameworks hand over what holds the
 * request: `{request}` of SvelteKit, Remix and Astro, the context of Hono. Nothing of theirs may pass for a scheduler of the process.
 */
function authorizationOf(given: unknown): string | undefined {
  const { request, req } = (given ?? {}) as { request?: unknown; req?: { raw?: unknown } };
  const headers = [given, request, req, req?.raw].map(headersOf).find((found) => found !== undefined);
  if (headers === undefined) return undefined;
  const { get, authorization } = headers as { get?: unknown; authorization?: unknown };
  const value = typeof get === 'function' ? (headers as Headers).get('authorization') : authorization;
  return typeof value === 'string' ? value : '';
}

function headersOf(one: unknown): object | undefined {
  const headers = (one as { headers?: unknown } | null | undefined)?.headers;
  return typeof headers === 'object' && headers !== null ? headers : undefined;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function isAllowed(header: string, given: string | undefined): boolean {
  const secret = given ?? pipeline().settings.cronSecret;
  if (secret === undefined || secret === '') {
    warnOnStderr('CRON_SECRET is not set: calls of scheduled jobs are refused');
    return false;
  }
  return timingSafeEqual(digest(header), digest(`Bearer ${secret}`));
}

const BODY_OF_REFUSAL = { error: { code: 'wrong_secret', message: 'Send CRON_SECRET as bearer token.' } };

function toResponse(answer: unknown): Response {
  if (answer === REFUSED) return Response.json(BODY_OF_REFUSAL, { status: 401 });
  return answer instanceof Response ? answer : Response.json(answer ?? { ok: true });
}

function isNodeResponse(response: unknown): response is NodeResponse {
  return typeof (response as NodeResponse | undefined)?.setHeader === 'function';
}

function toNode(response: NodeResponse, answer: unknown): void {
  if (response.writableEnded) return;
  response.statusCode = answer === REFUSED ? 401 : response.statusCode;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer === REFUSED ? BODY_OF_REFUSAL : (answer ?? { ok: true })));
}
