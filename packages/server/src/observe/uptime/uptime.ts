import { setMaxListeners } from 'node:events';
import type { MonitorTrial } from '@yumops/protocol';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf, YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { uuidv7 } from '../../lib/random.ts';
import type { Signals } from '../../lib/signals.ts';
import type { TelemetryWriter } from '../../lib/telemetry.ts';
import type { CheckContext } from './check.ts';
import { type CheckIn, CheckInMonitors } from './check-in-monitors.ts';
import type { MonitorConfig } from './config.ts';
import type { Transition } from './judge.ts';
import { createBeatReader, findHeartbeat, keepRunSignal, keepSignal } from './kinds/heartbeat/beat-store.ts';
import type { Signal } from './kinds/heartbeat/beats.ts';
import { describeMonitor, runCheck } from './kinds/index.ts';
import { isSpread, locationsOf } from './location/location-state.ts';
import { MonitorBook, type Sighting } from './monitor-book.ts';
import type { MonitorRecord } from './monitor-record.ts';
import { createReferenceCheck, observe, type ReferenceCheck } from './net/reference.ts';
import { createResolver } from './net/resolve.ts';
import type { JourneyRunner, PostgresProbe } from './ports.ts';
import { type ProbeOutcome, Prober, type ProberStats } from './prober.ts';
import { type PlannedAt, Recorder } from './recorder.ts';
import { Sharing } from './share/sharing.ts';
import { dropEvents, loadRecords, type RecordChange, storeMonitors } from './state-store.ts';
import { type SiteSurvey, surveySites } from './survey/survey.ts';

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
  /** This instance among those on one state store, which share the monitors; left out = it is alone. */
  instance?: string;
  /** False = other instances check the monitors; default true. */
  checks?: boolean;
  /** Words between the instances. */
  signals?: Signals;
  /** How long an instance keeps its share without being heard, default 8 s. */
  leaseMs?: number;
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
   * @param isPost whether it came by POST, which alone counts with `post_only`
   */
  beat(token: string, signal: BeatSignal, isPost: boolean): Promise<BeatOutcome>;
  /** Keeps what a job says of a run by an SDK; a job that is not known gets a monitor. Its row is the caller's. */
  checkIn(checkIn: CheckIn): Promise<void>;
  /**
   * Takes in what an agent saw from another place, in the order in which it saw it.
   * @returns when all of it is stored; rejects when a store is away, and what was given stays taken
   */
  report(sightings: readonly Reported[]): Promise<void>;
  /** Makes one check from here at once; what it finds counts for nothing and is not kept. */
  tryOut(monitor: MonitorConfig): Promise<MonitorTrial>;
  /** Looks at the sites behind monitors as a visitor without a login: TLS, headers, cookies. Nothing of it is kept. */
  survey(monitors: readonly MonitorConfig[], signal: AbortSignal): Promise<SiteSurvey[]>;
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

/** What became of a beat: `unknown` = no heartbeat has its token, `post_only` = not kept, because only POST counts. */
export type BeatOutcome = 'kept' | 'unknown' | 'post_only';

export interface UptimeStats extends ProberStats {
  /** Checks made since the start. */
  checks: number;
  /** Check rows and state changes given up because nothing could be stored for too long. */
  dropped: number;
  /** Check-ins that told of an end of a run which had ended, too late to stand in its place. */
  ignored: number;
}

/** What a status of the Sentry protocol says of a run. */
const SIGNAL_OF = { in_progress: 'start', ok: 'success', error: 'fail' } as const;

const AGAIN: ProbeOutcome = { recheckInMs: 0, hung: false };

/** As long as availability is kept. */
const EVENTS_KEPT_MS = 400 * 86_400_000;

/** How often silence of other places is looked for. */
const SILENCE_MS = 5_000;

/** Words between instances: a monitor to be checked at once, and that jobs made others. */
const CHECK_NOW = 'yumops_check_now';
const JOBS_CHANGED = 'yumops_jobs_changed';

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
  #ignored = 0;
  readonly #jobs: CheckInMonitors;
  readonly #sharing: Sharing;
  #unlisten: (() => void)[] = [];
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
      instance: options.instance,
      onStored: (change) => this.#tell(change),
    });
    const { instance, signals, leaseMs, checks = true } = options;
    this.#sharing = new Sharing({
      ...{ db, clock, log, instance, signals, leaseMs, checks },
      recorder: this.#recorder,
      book: () => this.#book,
      running: () => this.#prober.running(),
      follow: (dueIn) => this.#followShare(dueIn),
    });
    this.#book = new MonitorBook({
      recorder: this.#recorder,
      location: this.#location,
      isMine: (id) => this.#sharing.isMine(id),
    });
    this.#prober = new Prober({
      clock,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      probe: (monitor) => this.#probe(monitor),
      onError: (monitor, error) =>
        log.error('A check ended in an error of ours', { monitor: monitor.id, reason: messageOf(error) }),
    });
  }

  async start(config: UptimeConfig = this.#options): Promise<void> {
    const { db, clock, signals } = this.#options;
    await dropEvents(db, clock.now() - EVENTS_KEPT_MS);
    const monitors = await this.#prepare(config);
    // Not earlier: what falls to an instance that does not check yet is checked by nobody.
    await this.#sharing.join();
    // The instance that had them until now may have told of something in between, and be gone.
    this.#book.restore(await loadRecords(db), clock.now());
    this.#adopt(monitors);
    await this.#sharing.begin();
    this.#watchSilence();
    if (!signals) return;
    this.#unlisten = [
      signals.listen(CHECK_NOW, (id) => this.#prober.checkNow(id)),
      signals.listen(JOBS_CHANGED, (from) => from !== this.#options.instance && void this.#followJobs()),
    ];
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new YumOpsError('stopped', 'The prober stopped.'));
    this.#silence?.cancel();
    for (const end of this.#unlisten) end();
    await this.#prober.stop();
    await this.#reloading.catch(() => undefined);
    try {
      await this.#recorder.flush();
    } finally {
      await this.#sharing.leave();
    }
  }

  reload(config: UptimeConfig): Promise<void> {
    this.#reloading = this.#reloading.catch(() => undefined).then(() => this.#reload(config));
    return this.#reloading;
  }

  async beat(token: string, signal: BeatSignal, isPost: boolean): Promise<BeatOutcome> {
    const { clock, db } = this.#options;
    const at = clock.now();
    const id = await findHeartbeat(db, token);
    if (id === undefined) return 'unknown';
    const monitor = this.#book.monitor(id);
    if (monitor?.kind === 'heartbeat' && monitor.postOnly && !isPost) return 'post_only';
    const beats = await keepSignal(db, id, { ...signal, at });
    if (!beats) return 'unknown';
    if (monitor) this.#recorder.addCheckIn({ id: uuidv7(at), monitor, signal, at, runMs: beats.lastRunMs });
    await this.#checkNow(id);
    return 'kept';
  }

  async checkIn(checkIn: CheckIn): Promise<void> {
    const { id, changed } = await this.#jobs.note(checkIn, this.#configured.monitors);
    if (changed) {
      await this.reload(this.#configured);
      await this.#sharing.say(JOBS_CHANGED, this.#options.instance ?? '');
    }
    const monitor = this.#book.monitor(id);
    const maxRuntimeMs = monitor?.kind === 'heartbeat' ? monitor.maxRuntimeMs : null;
    const signal = { kind: SIGNAL_OF[checkIn.status], at: checkIn.at, exit: null, output: '' };
    const step = await keepRunSignal(this.#options.db, { id: checkIn.id, monitorId: id, maxRuntimeMs }, signal);
    if (step === 'ignored') {
      this.#ignored += 1;
      this.#recorder.addIgnored(checkIn);
      return;
    }
    await this.#checkNow(id);
  }

  async report(sightings: readonly Reported[]): Promise<void> {
    const take = () => {
      const now = this.#options.clock.now();
      for (const { monitorId, ...sighting } of sightings) {
        const monitor = this.#book.monitor(monitorId);
        if (!monitor || monitor.paused) continue;
        this.#checks += 1;
        this.#book.take(monitor, sighting, now, () => null);
      }
    };
    const ids = new Set(sightings.map(({ monitorId }) => monitorId));
    await this.#sharing.together([...ids], take);
    await this.#recorder.flush();
  }

  async tryOut(monitor: MonitorConfig): Promise<MonitorTrial> {
    if (monitor.broken !== null) {
      throw new YumOpsError('monitor_broken', `${monitor.name} cannot be checked: ${monitor.broken}.`, { status: 409 });
    }
    const result = await runCheck(monitor, this.#context);
    const { verdict, reason, durationMs, phases, statusCode, certificate, evidence, named } = result;
    return {
      expectation: describeMonitor(monitor),
      ...{ verdict, reason, durationMs, phases, statusCode, evidence, named: [...named] },
      certificateDays: certificate?.days ?? null,
    };
  }

  survey(monitors: readonly MonitorConfig[], signal: AbortSignal): Promise<SiteSurvey[]> {
    return surveySites(monitors, { ...this.#context, signal });
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
    return { ...this.#prober.stats(), checks: this.#checks, dropped: this.#recorder.dropped, ignored: this.#ignored };
  }

  onTransition(listener: TransitionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #reload(config: UptimeConfig): Promise<void> {
    if (!this.#stopped.signal.aborted) this.#adopt(await this.#prepare(config));
  }

  /** Stores what is to be monitored, also what jobs made. */
  async #prepare(config: UptimeConfig): Promise<readonly MonitorConfig[]> {
    const { targets, referenceTargets = [] } = config;
    this.#configured = config;
    await this.#jobs.load();
    const monitors = this.#jobs.join(config.monitors);
    await storeMonitors(this.#options.db, monitors, this.#options.clock.now());
    this.#context = { ...this.#context, targets };
    this.#referenceTargets = referenceTargets;
    this.#reference = createReferenceCheck(referenceTargets, this.#context);
    return monitors;
  }

  #adopt(monitors: readonly MonitorConfig[]): void {
    this.#book.adopt(monitors, this.#options.clock.now());
    this.#sharing.adopted();
    this.#followShare();
  }

  /** Checks what falls to this instance. @param dueIn as the prober takes it */
  #followShare(dueIn?: (id: string) => number | undefined): void {
    const checked = this.#book
      .monitors()
      .filter(
        (monitor) =>
          !monitor.paused &&
          monitor.broken === null &&
          this.#sharing.isMine(monitor.id) &&
          locationsOf(monitor, this.#location).includes(this.#location),
      );
    this.#prober.set(checked, dueIn);
  }

  async #checkNow(id: string): Promise<void> {
    if (this.#sharing.isMine(id)) this.#prober.checkNow(id);
    else await this.#sharing.say(CHECK_NOW, id);
  }

  async #followJobs(): Promise<void> {
    await this.reload(this.#configured).catch((error: unknown) => {
      this.#options.log.error('The monitors of jobs could not be read', { reason: messageOf(error) });
    });
  }

  #watchSilence(): void {
    this.#silence = this.#options.clock.after(SILENCE_MS, () => {
      void this.#lookForSilence().finally(() => this.#stopped.signal.aborted || this.#watchSilence());
    });
  }

  async #lookForSilence(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const spread = this.#book.monitors().filter((monitor) => isSpread(monitor, this.#location));
    if (spread.length === 0) return;
    try {
      const ids = spread.map(({ id }) => id);
      await this.#sharing.together(ids, () => this.#book.lookForSilence(this.#options.clock.now()));
    } catch (error) {
      this.#options.log.warn('The silence of places could not be judged', { reason: messageOf(error) });
    }
  }

  async #probe(monitor: MonitorConfig): Promise<ProbeOutcome> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const result = await runCheck(monitor, this.#context);
    const seen = await observe(result, this.#reference);
    this.#checks += 1;
    // Replaced or removed meanwhile: what was found is of another monitor.
    if (this.#stopped.signal.aborted || this.#book.monitor(monitor.id) !== monitor) return AGAIN;
    // Another instance checks it by now.
    if (!this.#sharing.mayTake(monitor.id)) return AGAIN;
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
    const take = () => this.#book.take(monitor, sighting, now, (recheck) => this.#nextCheckAt(monitor, recheck));
    const recheckInMs = isSpread(monitor, this.#location) ? await this.#sharing.together([monitor.id], take) : take();
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
