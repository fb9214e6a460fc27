import { setMaxListeners } from 'node:events';
import { backoff } from '../../../lib/backoff.ts';
import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random, uuidv7 } from '../../../lib/random.ts';
import type { CheckContext } from '../check.ts';
import type { MonitorConfig } from '../config.ts';
import { judge, type MonitorStatus, UNCHECKED } from '../judge.ts';
import { NO_BEATS } from '../kinds/heartbeat/beats.ts';
import { runCheck } from '../kinds/index.ts';
import { createReferenceCheck, observe } from '../net/reference.ts';
import { createResolver } from '../net/resolve.ts';
import type { JourneyRunner, PostgresProbe } from '../ports.ts';
import { type ProbeOutcome, Prober } from '../prober.ts';
import { type AgentBuffer, Outbox } from './outbox.ts';
import { type Assignment, type SyncAnswer, type SyncRequest, unpackMonitor } from './wire.ts';

export interface ProbeAgentOptions {
  /** Unique. With a buffer it is the buffer's, and the same over restarts. */
  id: string;
  name: string;
  version: string;
  /** With an admin's token; a probe token has its own. */
  location?: string | undefined;
  clock: Clock;
  log: Log;
  postgres: PostgresProbe;
  journeys: JourneyRunner;
  /**
   * Carries a request to the platform.
   * @throws {YumOpsError} `probe_refused` when trying again is of no use; anything else is tried again
   */
  send(request: SyncRequest, signal: AbortSignal): Promise<SyncAnswer>;
  /** Results that are kept while the platform is away, default 200,000. */
  capacity?: number;
  /** Most bytes of them, default 256 MB. */
  capacityBytes?: number;
  /** What must outlive the process; left out = nothing does. */
  buffer?: AgentBuffer;
}

export interface ProbeAgentStats {
  location: string | null;
  monitors: number;
  checks: number;
  delivered: number;
  waiting: number;
  dropped: number;
  /** Why what waits would not outlive the agent; null when it would. */
  trouble: string | null;
}

/** An agent that checks monitors of a platform elsewhere. */
export interface ProbeWorker {
  /** Works until `stop`. Rejects with `probe_refused` when the platform does not want it. */
  run(): Promise<void>;
  /** Gives its share back and hands over what it still has, if the platform is there. */
  stop(): Promise<void>;
  stats(): ProbeAgentStats;
}

const CAPACITY = 200_000;
const CAPACITY_BYTES = 256 * 1024 * 1024;
const NO_BUFFER = 'Results are kept in memory alone.';
/** Results in one request: with their evidence they stay far below the platform's limit. */
const AT_ONCE = 200;
/** How often results are handed over, and how often the agent is heard without any, milliseconds. */
const DELIVER_MS = 1_000;
const RENEW_SHARE = 1 / 3;
const ANSWER_MS = 15_000;

/** Clocks that differ by less are believed. */
const CLOCK_TOLERANCE_MS = 2_000;

/** Makes an agent. */
export function createProbeAgent(options: ProbeAgentOptions): ProbeWorker {
  return new Agent(options);
}

class Agent implements ProbeWorker {
  readonly #options: ProbeAgentOptions;
  readonly #prober: Prober<MonitorConfig>;
  readonly #outbox: Outbox;
  readonly #stopped = new AbortController();
  readonly #statuses = new Map<string, MonitorStatus>();
  #context: CheckContext;
  #reference;
  #monitors = new Map<string, MonitorConfig>();
  #revision = '';
  #location: string | null = null;
  #leaseMs = 30_000;
  /** How far the platform's clock is ahead of ours, milliseconds; 0 while they differ by little. */
  #aheadMs = 0;
  #heardAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #checks = 0;
  #delivered = 0;
  #running: Promise<void> | undefined;

  constructor(options: ProbeAgentOptions) {
    const { clock, log, postgres, journeys } = options;
    this.#options = options;
    setMaxListeners(0, this.#stopped.signal);
    this.#context = {
      clock,
      resolve: createResolver(),
      postgres,
      journeys,
      beats: { read: async () => NO_BEATS },
      targets: {},
      ca: [],
      signal: this.#stopped.signal,
    };
    this.#reference = createReferenceCheck([], this.#context);
    const { capacity = CAPACITY, capacityBytes = CAPACITY_BYTES, buffer } = options;
    this.#outbox = new Outbox({ capacity, capacityBytes, buffer });
    this.#prober = new Prober({
      clock,
      probe: (monitor) => this.#probe(monitor),
      onError: (monitor, error) =>
        log.error('A check ended in an error of ours', { monitor: monitor.id, reason: messageOf(error) }),
    });
  }

  run(): Promise<void> {
    this.#running ??= this.#work();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new YumOpsError('stopped', 'The probe stopped.'));
    await this.#prober.stop();
    await this.#running?.catch(() => undefined);
    await this.#sync(true).catch((error: unknown) => this.#complain(error));
    await this.#options.buffer?.close();
  }

  stats(): ProbeAgentStats {
    const { size: waiting, dropped } = this.#outbox;
    const [checks, delivered, monitors] = [this.#checks, this.#delivered, this.#monitors.size];
    const { trouble } = this;
    return { location: this.#location, monitors, checks, delivered, waiting, dropped, trouble };
  }

  private get trouble(): string | null {
    const { buffer } = this.#options;
    return buffer ? buffer.trouble : NO_BUFFER;
  }

  async #work(): Promise<void> {
    const { clock, buffer } = this.#options;
    const { signal } = this.#stopped;
    this.#resume(buffer?.assignment ?? null);
    while (!signal.aborted) {
      try {
        if (this.#mustSpeak()) await this.#sync(false);
        this.#failures = 0;
      } catch (error) {
        if (codeOf(error) === 'probe_refused') {
          await this.#prober.stop();
          throw error;
        }
        this.#failures += 1;
        this.#complain(error);
      }
      await buffer?.sync();
      if (this.#failures === 0 && this.#outbox.size >= AT_ONCE) continue;
      await clock.sleep(this.#pause(), signal).catch(() => undefined);
    }
  }

  #mustSpeak(): boolean {
    const silentMs = this.#options.clock.monotonic() - this.#heardAt;
    return this.#outbox.size > 0 || silentMs >= this.#leaseMs * RENEW_SHARE;
  }

  #pause(): number {
    return this.#failures === 0 ? DELIVER_MS : backoff(this.#failures - 1, { base: 500, cap: 10_000 }, random());
  }

  async #sync(leaving: boolean): Promise<void> {
    const { id, name, version, location, clock, send } = this.#options;
    const results = this.#outbox.next(AT_ONCE);
    const deadline = new AbortController();
    const alarm = clock.after(ANSWER_MS, () =>
      deadline.abort(new YumOpsError('timeout', `No answer came within ${ANSWER_MS / 1_000} s.`)),
    );
    const request: SyncRequest = {
      agent: { id, name, version },
      location,
      revision: this.#revision,
      results,
      waiting: this.#outbox.size - results.length,
      dropped: this.#outbox.dropped,
      trouble: this.trouble,
      leaving,
    };
    const sentAt = clock.monotonic();
    try {
      const answer = await send(request, deadline.signal);
      this.#compareClocks(answer.now, clock.monotonic() - sentAt);
      this.#delivered += this.#outbox.confirm(answer.acknowledged);
      this.#heardAt = clock.monotonic();
      this.#leaseMs = answer.leaseMs;
      this.#location = answer.location;
      if (answer.assignment && !leaving) await this.#accept(answer.assignment, answer);
    } finally {
      alarm.cancel();
    }
  }

  /** A clock that is far off would put results at times when others looked. An answer that was long on its way proves nothing. */
  #compareClocks(theirs: number, tookMs: number): void {
    if (tookMs > CLOCK_TOLERANCE_MS / 2) return;
    const ahead = theirs + tookMs / 2 - this.#options.clock.now();
    if (Math.abs(ahead - this.#aheadMs) > CLOCK_TOLERANCE_MS) this.#aheadMs = Math.round(ahead);
  }

  #now(): number {
    return this.#options.clock.now() + this.#aheadMs;
  }

  /** Takes a new assignment over, and keeps it for a start at which the platform is away. */
  async #accept(assignment: Assignment, { revision, location }: SyncAnswer): Promise<void> {
    this.#adopt(assignment, revision);
    await this.#options.buffer?.saveAssignment(JSON.stringify({ assignment, revision, location }));
  }

  /** Goes on with what was assigned before the agent was ended; the platform corrects it as soon as it answers. */
  #resume(saved: string | null): void {
    if (saved === null) return;
    const { assignment, revision, location } = JSON.parse(saved) as {
      assignment: Assignment;
      revision: string;
      location: string;
    };
    this.#location = location;
    this.#adopt(assignment, revision);
  }

  #adopt({ monitors, targets, referenceTargets }: Assignment, revision: string): void {
    this.#revision = revision;
    this.#context = { ...this.#context, targets };
    this.#reference = createReferenceCheck(referenceTargets, this.#context);
    const unpacked = monitors.map(unpackMonitor);
    this.#monitors = new Map(unpacked.map((monitor) => [monitor.id, monitor]));
    for (const id of this.#statuses.keys()) {
      if (!this.#monitors.has(id)) this.#statuses.delete(id);
    }
    this.#prober.set(unpacked);
    this.#options.log.info('The probe has a new assignment', { monitors: unpacked.length, location: this.#location });
  }

  async #probe(monitor: MonitorConfig): Promise<ProbeOutcome> {
    const startedAt = this.#now();
    const result = await runCheck(monitor, this.#context);
    const seen = await observe(result, this.#reference);
    if (this.#stopped.signal.aborted || this.#monitors.get(monitor.id) !== monitor) {
      return { recheckInMs: 0, hung: false };
    }
    const endedAt = this.#now();
    this.#checks += 1;
    this.#outbox.add({ id: uuidv7(startedAt), monitorId: monitor.id, startedAt, endedAt, result, seen });
    const judged = judge(this.#statuses.get(monitor.id) ?? UNCHECKED, seen, monitor, endedAt);
    this.#statuses.set(monitor.id, judged.status);
    const hung = result.verdict === 'down' && result.durationMs >= monitor.timeoutMs;
    return { recheckInMs: judged.recheckInMs, hung };
  }

  #complain(error: unknown): void {
    const { size: waiting, dropped } = this.#outbox;
    this.#options.log.warn('The platform cannot be reached', { reason: messageOf(error), waiting, dropped });
  }
}
