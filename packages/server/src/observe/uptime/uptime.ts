import { setMaxListeners } from 'node:events';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { uuidv7 } from '../../lib/random.ts';
import type { TelemetryWriter } from '../../lib/telemetry.ts';
import type { CheckContext } from './check.ts';
import { type CheckIn, CheckInMonitors } from './check-in-monitors.ts';
import type { MonitorConfig } from './config.ts';
import type { Transition } from './judge.ts';
import { createBeatReader, keepSignal } from './kinds/heartbeat/beat-store.ts';
import type { Signal } from './kinds/heartbeat/beats.ts';
import { runCheck } from './kinds/index.ts';
import { locationsOf } from './location/location-state.ts';
import { MonitorBook, type Sighting } from './monitor-book.ts';
import type { MonitorRecord } from './monitor-record.ts';
import { createReferenceCheck, observe, type ReferenceCheck } from './net/reference.ts';
import { createResolver } from './net/resolve.ts';
import type { JourneyRunner, PostgresProbe } from './ports.ts';
import { type ProbeOutcome, Prober, type ProberStats } from './prober.ts';
import { type PlannedAt, Recorder } from './recorder.ts';
import { dropEvents, loadRecords, type RecordChange, storeMonitors } from './state-store.ts';

/** What the configuration says of monitoring; may change while it runs. */
export interface UptimeConfig {
  monitors: readonly MonitorConfig[];
  /** Origins that are rewritten, also where a redirect leads to. */
  targets: Readonly<Record<string, string>>;
  /** Name of the place that the platform itself checks from, default `local`. */
  location?: string;
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
  /** Certificates in PEM that are trusted beside the public roots. */
  ca?: readonly string[];
  /** Whether work on a monitor is planned at an instant, ms since the epoch; default never. */
  planned?: PlannedAt;
  /** Most checks at a time, default 1,000. */
  concurrency?: number;
}

/** Told after a change of state has been committed. */
export type TransitionListener = (monitor: MonitorConfig, transition: Transition) => void;

export interface Uptime {
  /**
   * Stores the list of monitors, takes up their states where they were left and begins to check.
   * @param config when it is another by now than the engine was made with
   */
  start(config?: UptimeConfig): Promise<void>;
  /** Breaks off running checks and stores what those before them found. For good. */
  stop(): Promise<void>;
  /** Takes over a changed configuration; monitors that did not change keep their rhythm. */
  reload(config: UptimeConfig): Promise<void>;
  /**
   * Keeps what a job says of itself, and judges its monitor anew.
   * @returns whether a heartbeat has this token
   */
  beat(token: string, signal: BeatSignal): Promise<boolean>;
  /** Keeps what a job says of a run by an SDK; a job that is not known gets a monitor. Its row is the caller's. */
  checkIn(checkIn: CheckIn): Promise<void>;
  /**
   * Takes in what an agent saw from another place, in the order in which it saw it.
   * @returns when all of it is stored; rejects when a store is away, and what was given stays taken
   */
  report(sightings: readonly Reported[]): Promise<void>;
  /** Every monitor as it runs now. */
  monitors(): readonly MonitorConfig[];
  /** What probes need beside the monitors. `generation` is another after each change of either. */
  settings(): Required<Pick<UptimeConfig, 'targets' | 'referenceTargets' | 'location'>> & { generation: number };
  /** The records as they are now, by monitor id. */
  states(): ReadonlyMap<string, MonitorRecord>;
  stats(): UptimeStats;
  /** @returns a function that ends the subscription */
  onTransition(listener: TransitionListener): () => void;
}

/** A check that an agent made. */
export interface Reported extends Sighting {
  monitorId: string;
}

/** What a job says of itself, now. */
export type BeatSignal = Omit<Signal, 'at'>;

export interface UptimeStats extends ProberStats {
  /** Checks made since the start. */
  checks: number;
  /** Check rows and state changes given up because nothing could be stored for too long. */
  dropped: number;
}

/** What a status of the Sentry protocol says of a run. */
const SIGNAL_OF = { in_progress: 'start', ok: 'success', error: 'fail' } as const;

const AGAIN: ProbeOutcome = { recheckInMs: 0, hung: false };

/** As long as availability is kept. */
const EVENTS_KEPT_MS = 400 * 86_400_000;

/** How often silence of other places is looked for. */
const SILENCE_MS = 5_000;

/** Name of the platform's own place, and of the platform as the one who checks there. */
const OWN_LOCATION = 'local';
const PLATFORM = 'platform';

/** Makes the part of the platform that checks monitors: prober, judgement and storage. */
export function createUptime(options: UptimeOptions): Uptime {
  return new UptimeEngine(options);
}

class UptimeEngine implements Uptime {
  readonly #options: UptimeOptions;
  readonly #prober: Prober<MonitorConfig>;
  readonly #recorder: Recorder;
  readonly #book: MonitorBook;
  readonly #listeners = new Set<TransitionListener>();
  readonly #stopped = new AbortController();
  readonly #location: string;
  #reference: ReferenceCheck;
  #context: CheckContext;
  #referenceTargets: readonly string[];
  #silence: Timer | undefined;
  /** Reloads follow each other, so that the last one given is the one that stands. */
  #reloading: Promise<void> = Promise.resolve();
  #checks = 0;
  readonly #jobs: CheckInMonitors;
  /** As it was given last, without the monitors that jobs made. */
  #configured: UptimeConfig;

  constructor(options: UptimeOptions) {
    const { db, writer, clock, log } = options;
    this.#options = options;
    this.#configured = options;
    this.#jobs = new CheckInMonitors(db);
    this.#location = options.location ?? OWN_LOCATION;
    setMaxListeners(0, this.#stopped.signal);
    this.#context = {
      clock,
      resolve: createResolver(),
      postgres: options.postgres,
      journeys: options.journeys,
      beats: createBeatReader(db),
      targets: options.targets,
      ca: options.ca ?? [],
      signal: this.#stopped.signal,
    };
    this.#referenceTargets = options.referenceTargets ?? [];
    this.#reference = createReferenceCheck(this.#referenceTargets, this.#context);
    this.#recorder = new Recorder({
      db,
      writer,
      clock,
      log,
      planned: options.planned,
      onStored: (change) => this.#tell(change),
    });
    this.#book = new MonitorBook({ recorder: this.#recorder, location: this.#location });
    this.#prober = new Prober({
      clock,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      probe: (monitor) => this.#probe(monitor),
      onError: (monitor, error) =>
        log.error('A check ended in an error of ours', { monitor: monitor.id, reason: messageOf(error) }),
    });
  }

  async start(config: UptimeConfig = this.#options): Promise<void> {
    const { db, clock } = this.#options;
    await this.#jobs.load();
    await dropEvents(db, clock.now() - EVENTS_KEPT_MS);
    this.#book.restore(await loadRecords(db), clock.now());
    await this.#reload(config);
    this.#watchSilence();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new YumOpsError('stopped', 'The prober stopped.'));
    this.#silence?.cancel();
    await this.#prober.stop();
    await this.#reloading.catch(() => undefined);
    await this.#recorder.flush();
  }

  reload(config: UptimeConfig): Promise<void> {
    this.#reloading = this.#reloading.catch(() => undefined).then(() => this.#reload(config));
    return this.#reloading;
  }

  async beat(token: string, signal: BeatSignal): Promise<boolean> {
    const at = this.#options.clock.now();
    const kept = await keepSignal(this.#options.db, { token }, { ...signal, at });
    if (!kept) return false;
    const monitor = this.#book.monitor(kept.monitorId);
    if (monitor) this.#recorder.addCheckIn({ id: uuidv7(at), monitor, signal, at, runMs: kept.beats.lastRunMs });
    this.#prober.checkNow(kept.monitorId);
    return true;
  }

  async checkIn(checkIn: CheckIn): Promise<void> {
    const { id, changed } = await this.#jobs.note(checkIn, this.#configured.monitors);
    if (changed) await this.reload(this.#configured);
    const kind = SIGNAL_OF[checkIn.status];
    await keepSignal(this.#options.db, { monitorId: id }, { kind, at: checkIn.at, exit: null, output: '' });
    this.#prober.checkNow(id);
  }

  async report(sightings: readonly Reported[]): Promise<void> {
    const now = this.#options.clock.now();
    for (const { monitorId, ...sighting } of sightings) {
      const monitor = this.#book.monitor(monitorId);
      if (!monitor || monitor.paused) continue;
      this.#checks += 1;
      this.#book.take(monitor, sighting, now, () => null);
    }
    await this.#recorder.flush();
  }

  monitors(): readonly MonitorConfig[] {
    return this.#book.monitors();
  }

  settings(): ReturnType<Uptime['settings']> {
    const { targets } = this.#context;
    const { generation } = this.#book;
    return { targets, referenceTargets: this.#referenceTargets, location: this.#location, generation };
  }

  states(): ReadonlyMap<string, MonitorRecord> {
    return this.#book.records;
  }

  stats(): UptimeStats {
    return { ...this.#prober.stats(), checks: this.#checks, dropped: this.#recorder.dropped };
  }

  onTransition(listener: TransitionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #reload(config: UptimeConfig): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const { targets, referenceTargets = [] } = config;
    this.#configured = config;
    const monitors = this.#jobs.join(config.monitors);
    await storeMonitors(this.#options.db, monitors);
    this.#context = { ...this.#context, targets };
    this.#referenceTargets = referenceTargets;
    this.#reference = createReferenceCheck(referenceTargets, this.#context);
    this.#adopt(monitors);
  }

  #adopt(monitors: readonly MonitorConfig[]): void {
    this.#book.adopt(monitors, this.#options.clock.now());
    this.#prober.set(
      monitors.filter(
        (monitor) =>
          !monitor.paused && monitor.broken === null && locationsOf(monitor, this.#location).includes(this.#location),
      ),
    );
  }

  #watchSilence(): void {
    this.#silence = this.#options.clock.after(SILENCE_MS, () => {
      this.#book.lookForSilence(this.#options.clock.now());
      this.#watchSilence();
    });
  }

  async #probe(monitor: MonitorConfig): Promise<ProbeOutcome> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const result = await runCheck(monitor, this.#context);
    const seen = await observe(result, this.#reference);
    this.#checks += 1;
    // Replaced or removed meanwhile: what was found is of another monitor.
    if (this.#stopped.signal.aborted || this.#book.monitor(monitor.id) !== monitor) return AGAIN;
    const now = clock.now();
    const sighting: Sighting = {
      id: uuidv7(startedAt),
      location: this.#location,
      agent: PLATFORM,
      result,
      seen,
      startedAt,
      endedAt: now,
    };
    const recheckInMs = this.#book.take(monitor, sighting, now, (recheck) => this.#nextCheckAt(monitor, recheck));
    return { recheckInMs, hung: result.verdict === 'down' && result.durationMs >= monitor.timeoutMs };
  }

  #nextCheckAt(monitor: MonitorConfig, recheckInMs: number | null): number | null {
    const { clock } = this.#options;
    const due = this.#prober.plan(monitor.id, recheckInMs);
    return due === undefined ? null : clock.now() + due - clock.monotonic();
  }

  /** What is committed stays so whatever a listener does. */
  #tell({ monitorId, transition }: RecordChange): void {
    const monitor = this.#book.monitor(monitorId);
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
