import { setMaxListeners } from 'node:events';
import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { uuidv7 } from '../../lib/random.ts';
import type { TelemetryWriter } from '../../lib/telemetry.ts';
import type { CheckContext, CheckResult } from './check.ts';
import type { MonitorConfig } from './config.ts';
import { type Judged, judge, type Observation, setPaused, type Transition } from './judge.ts';
import { createBeatReader, keepSignal } from './kinds/heartbeat/beat-store.ts';
import type { Signal } from './kinds/heartbeat/beats.ts';
import { runCheck } from './kinds/index.ts';
import { afterCheck, type MonitorRecord, NO_RECORD } from './monitor-record.ts';
import { createReferenceCheck, type ReferenceCheck } from './net/reference.ts';
import { createResolver } from './net/resolve.ts';
import type { JourneyRunner, PostgresProbe } from './ports.ts';
import { type ProbeOutcome, Prober, type ProberStats } from './prober.ts';
import { Recorder } from './recorder.ts';
import { dropEvents, loadRecords, type RecordChange, storeMonitors } from './state-store.ts';

/** What the configuration says of monitoring; may change while it runs. */
export interface UptimeConfig {
  monitors: readonly MonitorConfig[];
  /** Origins that are rewritten, also where a redirect leads to. */
  targets: Readonly<Record<string, string>>;
  /** `host:port` of machines that answer whenever our own network works; none = the question is not asked. */
  referenceTargets?: readonly string[];
}

export interface UptimeOptions extends UptimeConfig {
  db: Db;
  writer: TelemetryWriter;
  clock: Clock;
  log: Log;
  postgres: PostgresProbe;
  journeys: JourneyRunner;
  /** Where this prober is, default `local`. */
  location?: string;
  /** Certificates in PEM that are trusted beside the public roots. */
  ca?: readonly string[];
  /** Most checks at a time, default 1,000. */
  concurrency?: number;
}

/** Told after a change of state has been committed. */
export type TransitionListener = (monitor: MonitorConfig, transition: Transition) => void;

export interface Uptime {
  /** Stores the list of monitors, takes up their states where they were left and begins to check. */
  start(): Promise<void>;
  /** Breaks off running checks and stores what those before them found. For good. */
  stop(): Promise<void>;
  /** Takes over a changed configuration; monitors that did not change keep their rhythm. */
  reload(config: UptimeConfig): Promise<void>;
  /**
   * Keeps what a job says of itself, and judges its monitor anew.
   * @returns whether a heartbeat has this token
   */
  beat(token: string, signal: BeatSignal): Promise<boolean>;
  /** The records as they are now, by monitor id. */
  states(): ReadonlyMap<string, MonitorRecord>;
  stats(): UptimeStats;
  /** @returns a function that ends the subscription */
  onTransition(listener: TransitionListener): () => void;
}

/** What a job says of itself, now. */
export type BeatSignal = Omit<Signal, 'at'>;

export interface UptimeStats extends ProberStats {
  /** Checks made since the start. */
  checks: number;
  /** Check rows and state changes given up because nothing could be stored for too long. */
  dropped: number;
}

const AGAIN: ProbeOutcome = { recheckInMs: 0, hung: false };

/** As long as availability is kept. */
const EVENTS_KEPT_MS = 400 * 86_400_000;

/** Makes the part of the platform that checks monitors: prober, judgement and storage. */
export function createUptime(options: UptimeOptions): Uptime {
  return new UptimeEngine(options);
}

class UptimeEngine implements Uptime {
  readonly #options: UptimeOptions;
  readonly #prober: Prober<MonitorConfig>;
  readonly #recorder: Recorder;
  readonly #listeners = new Set<TransitionListener>();
  #reference: ReferenceCheck;
  readonly #stopped = new AbortController();
  #context: CheckContext;
  #monitors = new Map<string, MonitorConfig>();
  #records = new Map<string, MonitorRecord>();
  #checks = 0;

  constructor(options: UptimeOptions) {
    const { clock, log } = options;
    this.#options = options;
    setMaxListeners(0, this.#stopped.signal);
    this.#context = {
      clock,
      resolve: createResolver(),
      postgres: options.postgres,
      journeys: options.journeys,
      beats: createBeatReader(options.db),
      targets: options.targets,
      ca: options.ca ?? [],
      signal: this.#stopped.signal,
    };
    this.#reference = createReferenceCheck(options.referenceTargets ?? [], this.#context);
    const { db, writer } = options;
    this.#recorder = new Recorder({ db, writer, clock, log, onStored: (change) => this.#tell(change) });
    this.#prober = new Prober({
      clock,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      probe: (monitor) => this.#probe(monitor),
      onError: (monitor, error) =>
        log.error('A check ended in an error of ours', { monitor: monitor.id, reason: messageOf(error) }),
    });
  }

  async start(): Promise<void> {
    const { db, monitors, clock } = this.#options;
    await storeMonitors(db, monitors);
    await dropEvents(db, clock.now() - EVENTS_KEPT_MS);
    this.#records = await loadRecords(db);
    this.#adopt(monitors);
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new YumOpsError('stopped', 'The prober stopped.'));
    await this.#prober.stop();
    await this.#recorder.flush();
  }

  async reload({ monitors, targets, referenceTargets }: UptimeConfig): Promise<void> {
    await storeMonitors(this.#options.db, monitors);
    this.#context = { ...this.#context, targets };
    this.#reference = createReferenceCheck(referenceTargets ?? [], this.#context);
    const known = new Set(monitors.map(({ id }) => id));
    for (const id of this.#records.keys()) {
      if (!known.has(id)) this.#records.delete(id);
    }
    this.#adopt(monitors);
  }

  async beat(token: string, signal: BeatSignal): Promise<boolean> {
    const at = this.#options.clock.now();
    const kept = await keepSignal(this.#options.db, token, { ...signal, at });
    if (!kept) return false;
    const monitor = this.#monitors.get(kept.monitorId);
    if (monitor) this.#recorder.addCheckIn({ id: uuidv7(at), monitor, signal, at, runMs: kept.beats.lastRunMs });
    this.#prober.checkNow(kept.monitorId);
    return true;
  }

  states(): ReadonlyMap<string, MonitorRecord> {
    return this.#records;
  }

  stats(): UptimeStats {
    return { ...this.#prober.stats(), checks: this.#checks, dropped: this.#recorder.dropped };
  }

  onTransition(listener: TransitionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #adopt(monitors: readonly MonitorConfig[]): void {
    this.#monitors = new Map(monitors.map((monitor) => [monitor.id, monitor]));
    const now = this.#options.clock.now();
    for (const monitor of monitors) {
      const record = this.#records.get(monitor.id) ?? NO_RECORD;
      const { status, transition } = judgeConfigured(record, monitor, now);
      if (transition) this.#keep(monitor, { ...record, ...status }, transition, null);
      else this.#records.set(monitor.id, record);
    }
    this.#prober.set(monitors.filter(({ paused, broken }) => !paused && broken === null));
  }

  async #probe(monitor: MonitorConfig): Promise<ProbeOutcome> {
    const { clock, location = 'local' } = this.#options;
    const startedAt = clock.now();
    const result = await runCheck(monitor, this.#context);
    const seen = await this.#observe(result);
    this.#checks += 1;
    // Replaced or removed meanwhile: what was found is of another monitor.
    if (this.#stopped.signal.aborted || this.#monitors.get(monitor.id) !== monitor) return AGAIN;
    const record = this.#records.get(monitor.id) ?? NO_RECORD;
    if (result.verdict === 'pending' && record.state === 'pending') return { recheckInMs: null, hung: false };
    const now = clock.now();
    const judged = judge(record, seen, monitor, now);
    const next = afterCheck(record, { ...judged.status, lastCheckedAt: startedAt }, result, now);
    const { state } = next;
    const previousAt = record.lastCheckedAt;
    this.#recorder.addCheck({ id: uuidv7(startedAt), monitor, result, state, startedAt, previousAt, location });
    this.#keep(monitor, next, judged.transition, this.#nextCheckAt(monitor, judged.recheckInMs));
    const hung = result.verdict === 'down' && result.durationMs >= monitor.timeoutMs;
    return { recheckInMs: judged.recheckInMs, hung };
  }

  #nextCheckAt(monitor: MonitorConfig, recheckInMs: number | null): number | null {
    const { clock } = this.#options;
    const due = this.#prober.plan(monitor.id, recheckInMs);
    return due === undefined ? null : clock.now() + due - clock.monotonic();
  }

  /** A failure means nothing while our own network is away. */
  async #observe({ verdict, reason }: CheckResult): Promise<Observation> {
    if (verdict !== 'down') return { verdict, reason };
    const lost = await this.#reference.networkDown();
    return lost === null ? { verdict, reason } : { verdict: 'network-down', reason: lost };
  }

  #keep(
    monitor: MonitorConfig,
    record: MonitorRecord,
    transition: Transition | null,
    nextCheckAt: number | null,
  ): void {
    this.#records.set(monitor.id, record);
    this.#recorder.addChange({ monitorId: monitor.id, record, transition, nextCheckAt });
  }

  /** What is committed stays so whatever a listener does. */
  #tell({ monitorId, transition }: RecordChange): void {
    const monitor = this.#monitors.get(monitorId);
    if (!transition || !monitor) return;
    for (const listener of this.#listeners) {
      try {
        listener(monitor, transition);
      } catch (error) {
        this.#options.log.error('A listener failed', { monitor: monitorId, reason: messageOf(error) });
      }
    }
  }
}

/** What the configuration alone says of a monitor: paused, or not to be checked because it is broken. */
function judgeConfigured(record: MonitorRecord, monitor: MonitorConfig, now: number): Judged {
  if (monitor.paused || monitor.broken === null) return setPaused(record, monitor.paused, now);
  const judged = judge(
    record,
    { verdict: 'unknown', reason: `It cannot be checked: ${monitor.broken}.` },
    monitor,
    now,
  );
  return { ...judged, status: { ...judged.status, lastCheckedAt: record.lastCheckedAt } };
}
