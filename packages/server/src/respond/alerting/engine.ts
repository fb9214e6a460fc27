import type { Clock } from '../../lib/clock.ts';
import { codeOf, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Notifier, ReplyLink } from '../notify/index.ts';
import type { AlertingConfig } from './alerting-config.ts';
import { DeliveryWorker } from './deliver/worker.ts';
import type { EvaluationTiming } from './evaluate/evaluator.ts';
import { type Circumstances, changeGroups, readCircumstances } from './group/change.ts';
import { Leader } from './leader.ts';
import { BIG_JUMP_MS, type Lease } from './lease.ts';
import type { MetricSource } from './metrics.ts';
import { Outages } from './outage/outages.ts';
import type { OutageSpool } from './outage/spool.ts';
import { Plans } from './plans.ts';
import type {
  AlertStore,
  BucketSource,
  MonitorStates,
  PlannedWork,
  ResolveOnCall,
  WatchedCondition,
  Watermark,
} from './ports.ts';
import { acceptAlerts, type SentAlert } from './push/accept.ts';
import { handlePushed, PUSHED_AT_ONCE } from './push/intake.ts';
import type { PushedAlert } from './push/pushed.ts';
import { RightOfWay } from './push/right-of-way.ts';

const TAKE_OVER_MS = 1_000;
/** Rules that count rows are evaluated at most this often as rows arrive. */
const COUNTED_EVERY_MS = 200;
const SOONEST_MS = 10;
/** In a flood of alerts all else that may be due is looked at this often. */
const ALL_EVERY_MS = 50;
/** Others than the leader have no timers to keep. */
const STANDBY_MS = 1_000;
const UNSYNCED_MS = 20;

export interface EngineDeps {
  store: AlertStore;
  /** Where critical alerts are kept while the store is away; left out = they wait for it. */
  outageSpool?: OutageSpool;
  buckets: BucketSource;
  watermark: Watermark;
  monitorStates: MonitorStates;
  /** What other parts of the platform find wrong at the moment. */
  conditions?: () => readonly WatchedCondition[];
  resolveOnCall: ResolveOnCall;
  /** Left out = nothing is planned. */
  plannedWork?: PlannedWork;
  /** Why the files of the configuration as they are now do not run; null when they do. */
  configRefusal?: () => string | null;
  /** Makes the ways out of one version of the configuration, by channel. */
  notifiers: (config: AlertingConfig) => ReadonlyMap<string, Notifier>;
  clock: Clock;
  log: Log;
  /** Base of links in messages, without a slash at the end. */
  publicUrl: string;
  /** Where the receiver of an e-mail can act on its alerts. */
  replyLink?: ReplyLink;
  /** Name of this instance; the same after a restart. */
  instance: string;
  timing: EvaluationTiming;
  /** Uniform values in [0, 1), by which retries are spread; left out = the machine's. */
  random?: () => number;
  /** How long the lease lasts without renewal, ms; it is renewed three times in that time. */
  leaseMs: number;
  /** Called when there is something to do before the instant that `run` gave. */
  wake: () => void;
}

/**
 * The alert path of one instance: holds or waits for the lease, evaluates, moves timers, delivers. Everything that must
 * not be lost is in the store before it has an effect, so an engine can be killed at any point and made anew.
 */
export class AlertEngine {
  readonly #deps: EngineDeps;
  #config: AlertingConfig;
  #delivery: DeliveryWorker;
  #lease: Lease | null = null;
  #renewAt = 0;
  #leader: Leader | null = null;
  readonly #outages: Outages;
  /** Sources with rows that were not looked at yet, and when such rows were last looked at. */
  readonly #counted = new Set<MetricSource>();
  #countedAt = 0;
  #ledAt: number | null = null;
  #servedAt: number | null = null;
  /** Alerts were taken that have not been looked at. */
  #accepted = false;
  #pushedAtOnce = PUSHED_AT_ONCE;
  readonly #way: RightOfWay;
  /** The agreed time minus monotonic time. */
  #offset: number;
  /** The agreed time has been learnt. */
  #synced = false;
  #plans: Plans;

  constructor(deps: EngineDeps, config: AlertingConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#offset = deps.clock.now() - deps.clock.monotonic();
    this.#way = new RightOfWay(deps.clock);
    this.#delivery = this.#makeDelivery();
    this.#plans = this.#makePlans();
    this.#outages = new Outages(deps, () => this.now());
  }

  /** Time as all instances agree on it, ms since the epoch. */
  now(): number {
    return this.#deps.clock.monotonic() + this.#offset;
  }

  /**
   * Does all that is due, one after the other. Deliveries are started, not waited for.
   * @returns when to run again at the latest, ms since the epoch
   */
  async run(): Promise<number> {
    const next = await this.lead();
    return Math.min(next, await this.serve());
  }

  /**
   * Holds the lease and evaluates. A telemetry store that answers late holds up this, and nothing else.
   * @returns when to run again at the latest, ms since the epoch
   */
  async lead(): Promise<number> {
    if (this.#outages.isAlone) return this.#outages.lead();
    const before = this.#leader;
    try {
      return await this.#leadWithStore();
    } catch (error) {
      if (!(await this.#outages.take(error, before, this.#config))) throw error;
      return this.#outages.lead();
    }
  }

  async #leadWithStore(): Promise<number> {
    await this.#holdLease();
    const leader = this.#leader;
    if (leader) {
      await this.#underLease(() => this.#evaluateCounted(leader));
      await this.#underLease(() => leader.evaluate(this.now()));
      await this.#outages.remember();
    }
    this.#ledAt = this.#deps.clock.monotonic();
    const nextCounted = this.#counted.size > 0 ? this.#countedAt + COUNTED_EVERY_MS : Number.POSITIVE_INFINITY;
    return Math.min(this.#renewAt, nextCounted, this.#leader?.nextRun(this.now()) ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Moves the timers that are due, and starts deliveries whatever becomes of that.
   * @returns when to run again at the latest, ms since the epoch
   */
  async serve(): Promise<number> {
    // By its own clock an instance might take what another one is sending.
    if (!this.#synced) return this.now() + UNSYNCED_MS;
    if (this.#outages.isOn) return this.#outages.serve();
    const lease = this.#lease;
    const accepted = this.#accepted;
    this.#accepted = false;
    if (accepted && lease && this.#isServed()) return this.#serveAccepted(lease);
    return this.#serveAll(lease, accepted);
  }

  /** All that was due has been done just now. */
  #isServed(): boolean {
    return this.#servedAt !== null && this.#deps.clock.monotonic() - this.#servedAt < ALL_EVERY_MS;
  }

  /** Sends what was just taken, and looks at nothing else. */
  async #serveAccepted(lease: Lease): Promise<number> {
    const [pushed, circumstances] = await Promise.all([
      this.#deps.store.pushedToHandle(this.now(), this.#pushedAtOnce),
      readCircumstances(this.#deps, this.now()),
    ]);
    let waits = true;
    try {
      await this.#underLease(async () => {
        waits = await this.#handlePushed(lease, pushed, circumstances);
      });
    } finally {
      if (waits) await this.#delivery.run();
    }
    return this.#accepted ? this.now() : this.now() + SOONEST_MS;
  }

  async #serveAll(lease: Lease | null, accepted: boolean): Promise<number> {
    const { store } = this.#deps;
    const [pushed, groups, next, takenBack, circumstances] = await Promise.all([
      lease ? store.pushedToHandle(this.now(), this.#pushedAtOnce) : [],
      lease ? store.dueGroups(this.now()) : [],
      store.nextDue(this.#delivery.room),
      this.#delivery.takeBack(),
      accepted && lease ? readCircumstances(this.#deps, this.now()) : undefined,
    ]);
    const works = pushed.length + groups.length + takenBack > 0 || (next !== null && next <= this.now());
    try {
      if (lease && works) await this.#underLease(() => this.#moveTimers(lease, pushed, groups, circumstances));
    } finally {
      if (works) await this.#delivery.run();
    }
    this.#servedAt = this.#deps.clock.monotonic();
    const soonest = this.now() + (this.#lease ? SOONEST_MS : STANDBY_MS);
    if (this.#accepted) return this.now();
    if (works) return soonest;
    return next === null ? Number.POSITIVE_INFINITY : Math.max(next, soonest);
  }

  /** Follows the time that all instances agree on, where this one neither evaluates nor delivers. @param now ms since the epoch */
  learnTime(now: number): void {
    this.#adopt(now - this.#deps.clock.monotonic());
  }

  /** Uses another configuration from now on; running episodes keep the plan they began with. */
  reload(config: AlertingConfig): void {
    this.#config = config;
    this.#delivery.use(this.#deps.notifiers(config));
    this.#plans = this.#makePlans();
    this.#leader = null;
  }

  /** Rows of these sources can be counted now: rules that count them are evaluated at the next run. */
  counted(sources: Iterable<MetricSource>): void {
    if (this.#lease === null) return;
    for (const source of sources) this.#counted.add(source);
  }

  /** Takes alerts that others push; when this resolves they are committed. @throws YumOpsError `invalid_alert` (400) */
  async accept(alerts: readonly SentAlert[]): Promise<void> {
    await this.#way.take(alerts.length, () =>
      acceptAlerts(this.#deps.store, alerts, this.#config.grouping.resolveTimeoutMs, this.now()),
    );
    this.#accepted = true;
  }

  /** Monitors have changed: they are read at the next run. */
  monitorsChanged(): void {
    this.#leader?.monitorsChanged();
  }

  /** Until when evaluation and delivery have both done all that was due, ms on the monotonic clock; null before. */
  get lastRunAt(): number | null {
    return this.#ledAt === null || this.#servedAt === null ? null : Math.min(this.#ledAt, this.#servedAt);
  }

  isLeader(): boolean {
    return this.#leader !== null;
  }

  /** Attempts that are out. */
  get inFlight(): number {
    return this.#delivery.inFlight + this.#outages.inFlight;
  }

  /** Lets running deliveries end and gives the lease back. */
  async stop(): Promise<void> {
    await this.#delivery.stop();
    await this.#outages.stop();
    if (this.#lease) await this.#deps.store.release(this.#lease);
    this.#lease = null;
    this.#leader = null;
  }

  /** In a flood of rows a few times a second. */
  async #evaluateCounted(leader: Leader): Promise<void> {
    const now = this.now();
    if (this.#counted.size === 0 || now < this.#countedAt + COUNTED_EVERY_MS) return;
    this.#countedAt = now;
    const sources = new Set(this.#counted);
    this.#counted.clear();
    await leader.evaluateCounted(now, sources);
  }

  async #holdLease(): Promise<void> {
    const { store, instance, clock, leaseMs } = this.#deps;
    if (this.#lease && this.now() < this.#renewAt && !this.#outages.isOn) {
      await this.#ensureLeader(this.#lease);
      return;
    }
    const own = this.#synced ? this.now() : null;
    const answer = await store.lease({ holder: instance, ttlMs: leaseMs, renew: this.#lease, now: own });
    const { lease } = answer;
    this.#adopt(answer.now - clock.monotonic());
    if (lease?.token !== this.#lease?.token) this.#leader = null;
    this.#lease = lease;
    // Before anything is read: what was decided meanwhile belongs to it.
    if (await this.#outages.end()) this.#leader = null;
    this.#renewAt = this.now() + (lease ? leaseMs / 3 : TAKE_OVER_MS);
    if (lease) await this.#ensureLeader(lease);
  }

  async #ensureLeader(lease: Lease): Promise<void> {
    this.#leader ??= await Leader.take(this.#deps, this.#config, lease);
  }

  /**
   * Follows the time that all instances agree on, with the lease and without, so that they agree when a message is due
   * and when its sender is held to be gone, however their own clocks differ. A jump of it is not followed.
   */
  #adopt(offset: number): void {
    const jump = offset - this.#offset;
    if (!this.#synced || Math.abs(jump) < BIG_JUMP_MS) this.#offset = offset;
    else this.#deps.log.warn('the database clock jumped; timers keep their distance', { jumpMs: Math.round(jump) });
    this.#synced = true;
  }

  async #underLease(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // What the leader has in memory may be ahead of the store: it starts afresh from there.
      this.#leader = null;
      if (codeOf(error) !== 'lease_lost') throw error;
      this.#lease = null;
      this.#deps.log.warn('another instance evaluates the alert rules now', { error: messageOf(error) });
    }
  }

  async #moveTimers(
    lease: Lease,
    pushed: readonly PushedAlert[],
    groups: readonly string[],
    circumstances: Circumstances | undefined,
  ): Promise<void> {
    await this.#handlePushed(lease, pushed, circumstances);
    const now = () => this.now();
    const due = groups.map((groupKey) => ({ groupKey, lease, inputs: [], now }));
    await changeGroups(this.#deps, due, this.#delivery);
  }

  async #handlePushed(
    lease: Lease,
    pushed: readonly PushedAlert[],
    circumstances: Circumstances | undefined,
  ): Promise<boolean> {
    const handling = { lease, plans: this.#plans, groupBy: this.#config.grouping.by, now: this.now(), circumstances };
    const deps = { ...this.#deps, giveWay: () => this.#way.giveWay() };
    const { waits, more, atOnce } = await handlePushed(
      deps,
      { ...handling, sending: this.#delivery },
      pushed,
      this.#pushedAtOnce,
    );
    this.#pushedAtOnce = atOnce;
    if (more) this.#accepted = true;
    return waits;
  }

  #makePlans(): Plans {
    return new Plans(this.#config, new Set(this.#deps.notifiers(this.#config).keys()));
  }

  #makeDelivery(): DeliveryWorker {
    const { store, resolveOnCall, plannedWork, clock, log, publicUrl, instance, notifiers, wake, replyLink, random } =
      this.#deps;
    return new DeliveryWorker({
      store,
      resolveOnCall,
      ...(plannedWork && { plannedWork }),
      notifiers: notifiers(this.#config),
      clock,
      log,
      publicUrl,
      worker: instance,
      now: () => this.now(),
      settled: wake,
      random,
      giveWay: () => this.#way.giveWay(),
      ...(replyLink && { replyLink }),
    });
  }
}
