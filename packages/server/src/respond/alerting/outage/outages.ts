import type { Clock } from '../../../lib/clock.ts';
import { codeOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import type { Notifier, ReplyLink } from '../../notify/index.ts';
import type { AlertingConfig } from '../alerting-config.ts';
import { DeliveryWorker } from '../deliver/worker.ts';
import { alertId } from '../fingerprint.ts';
import { changeGroup } from '../group/change.ts';
import type { OnCallAt } from '../group/facts.ts';
import type { Leader } from '../leader.ts';
import { commitOccurrences, type Occurrence } from '../occurrence.ts';
import {
  type AlertStore,
  type Lease,
  NOTHING_PLANNED,
  type Planned,
  type PlannedWork,
  type ResolveOnCall,
} from '../ports.ts';
import type { Silence } from '../silence/silence.ts';
import { drainOutage } from './drain.ts';
import type { OutageSpool } from './spool.ts';
import { OUTAGE_CHANNELS, SpooledStore } from './spooled-store.ts';

/** So long an instance goes on without the state store, ms. */
const OUTAGE_AT_MOST_MS = 900_000;
/** The state store is asked again so often, ms. */
const ASK_AGAIN_MS = 5_000;
const REMEMBER_EVERY_MS = 15_000;
const SOON_MS = 1_000;
const SOONEST_MS = 10;

export interface OutagesDeps {
  store: AlertStore;
  /** Left out = without the state store nothing is told. */
  outageSpool?: OutageSpool;
  resolveOnCall: ResolveOnCall;
  plannedWork?: PlannedWork;
  notifiers: (config: AlertingConfig) => ReadonlyMap<string, Notifier>;
  clock: Clock;
  log: Log;
  publicUrl: string;
  instance: string;
  replyLink?: ReplyLink;
  random?: () => number;
  wake: () => void;
}

/** What decisions without the state store go by: as it was last read. */
interface Known {
  onCall: OnCallAt;
  planned: Planned;
  silences: readonly Silence[];
}

/** A stretch of time in which the last holder of the lease goes on alone. */
interface Outage {
  leader: Leader;
  groupBy: readonly string[];
  store: SpooledStore;
  lease: Lease;
  delivery: DeliveryWorker;
  since: number;
  askAt: number;
  closing: boolean;
}

/**
 * Goes on while the state store is away, for critical alerts that begin then: the last holder of the lease evaluates,
 * and tells by e-mail, Slack and PagerDuty, from a spool on disk that is taken over when the store is back.
 */
export class Outages {
  readonly #deps: OutagesDeps;
  readonly #now: () => number;
  #known: Known | null = null;
  #rememberAt = 0;
  #outage: Outage | null = null;
  /** The spool may hold something: from this life or the one before. */
  #isSpooled = true;

  /** @param now the agreed time, ms since the epoch */
  constructor(deps: OutagesDeps, now: () => number) {
    this.#deps = deps;
    this.#now = now;
  }

  /** The instance is alone, and it is not yet time to ask the state store again. */
  get isAlone(): boolean {
    return this.#outage !== null && this.#deps.clock.monotonic() < this.#outage.askAt;
  }

  /** Whether the state store was away and what was decided meanwhile is not in it yet. */
  get isOn(): boolean {
    return this.#outage !== null;
  }

  /** Reads, now and then, what decisions would go by. */
  async remember(): Promise<void> {
    const { outageSpool, resolveOnCall, plannedWork, store } = this.#deps;
    const now = this.#now();
    if (!outageSpool || now < this.#rememberAt) return;
    const [onCall, planned = NOTHING_PLANNED, silences] = await Promise.all([
      resolveOnCall(now),
      plannedWork?.(now),
      store.silences(),
    ]);
    this.#known = { onCall, planned, silences };
    this.#rememberAt = now + REMEMBER_EVERY_MS;
  }

  /**
   * Takes what the alert path threw.
   * @param leader of the instance when it happened; null = it does not hold the lease
   * @returns whether the instance goes on alone
   */
  async take(error: unknown, leader: Leader | null, config: AlertingConfig): Promise<boolean> {
    if (codeOf(error) !== 'state_unavailable' || !this.#deps.outageSpool) return false;
    if (this.#outage) {
      this.#outage.askAt = this.#deps.clock.monotonic() + ASK_AGAIN_MS;
      return true;
    }
    if (!leader || !this.#known) return false;
    this.#outage = await this.#begin(leader, this.#known, this.#deps.outageSpool, config);
    this.#deps.log.warn('the state store is away; critical alerts go out by e-mail, Slack and PagerDuty alone', {
      forAtMostMs: OUTAGE_AT_MOST_MS,
    });
    return true;
  }

  /** Evaluates what is due. @returns when to run again at the latest, ms since the epoch */
  async lead(): Promise<number> {
    const outage = this.#current();
    const now = this.#now();
    if (!outage) return now + SOON_MS;
    const occurrences = [...outage.leader.takeUncommitted(), ...(await outage.leader.evaluateAlone(now))];
    const own = await outage.store.groupsOf(occurrences.map(idOf));
    const paging = occurrences.filter((one) =>
      one.type === 'begins' ? one.subject.severity === 'critical' : own.has(idOf(one)),
    );
    await commitOccurrences(this.#changeDeps(outage), outage.lease, outage.groupBy, paging, now);
    return Math.min(now + SOON_MS, outage.leader.nextSlot(now));
  }

  /** Moves timers and sends. @returns when to run again at the latest, ms since the epoch */
  async serve(): Promise<number> {
    const outage = this.#current();
    if (!outage || outage.closing) return this.#now() + SOON_MS;
    for (const groupKey of await outage.store.dueGroups(this.#now())) {
      await changeGroup(this.#changeDeps(outage), { groupKey, inputs: [], now: this.#now });
    }
    await outage.delivery.takeBack();
    await outage.delivery.run();
    const next = (await outage.store.nextDue(outage.delivery.room)) ?? Number.POSITIVE_INFINITY;
    return Math.min(Math.max(next, this.#now() + SOONEST_MS), this.#now() + SOON_MS);
  }

  /**
   * The state store answers: it takes over what was decided without it.
   * @returns whether there was something, so that what is known of it must be read anew
   */
  async end(): Promise<boolean> {
    const { outageSpool, store, log } = this.#deps;
    if (!outageSpool || !this.#isSpooled) return false;
    // An answer, before anything is stopped for it.
    await store.nextDue();
    const outage = this.#outage;
    try {
      if (outage) outage.closing = true;
      await outage?.delivery.idle();
      const groups = await drainOutage(this.#deps, outageSpool, this.#now());
      if (outage || groups > 0) log.info('the state store has taken over what was decided without it', { groups });
    } finally {
      if (outage) outage.closing = false;
    }
    this.#outage = null;
    this.#isSpooled = false;
    return outage !== null;
  }

  /** Lets running deliveries end. */
  async stop(): Promise<void> {
    await this.#outage?.delivery.stop();
  }

  get inFlight(): number {
    return this.#outage?.delivery.inFlight ?? 0;
  }

  /** The outage, while the instance may go on in it. */
  #current(): Outage | null {
    const outage = this.#outage;
    return outage && this.#deps.clock.monotonic() - outage.since <= OUTAGE_AT_MOST_MS ? outage : null;
  }

  async #begin(leader: Leader, known: Known, spool: OutageSpool, config: AlertingConfig): Promise<Outage> {
    const { clock, instance } = this.#deps;
    const store = new SpooledStore(spool, this.#now);
    const { lease } = await store.lease({ holder: instance, ttlMs: OUTAGE_AT_MOST_MS, renew: null, now: null });
    for (const silence of known.silences) await store.writeSilence(silence, async () => undefined);
    const since = clock.monotonic();
    this.#isSpooled = true;
    return {
      ...{ leader, store, since, closing: false, askAt: since + ASK_AGAIN_MS, groupBy: config.grouping.by },
      lease: lease as Lease,
      delivery: this.#makeDelivery(store, config),
    };
  }

  #makeDelivery(store: SpooledStore, config: AlertingConfig): DeliveryWorker {
    const { clock, log, publicUrl, instance, notifiers, wake, replyLink, random } = this.#deps;
    const ways = [...notifiers(config)].filter(([channel]) => OUTAGE_CHANNELS.has(channel));
    return new DeliveryWorker({
      ...this.#factsOf(),
      ...{
        store,
        clock,
        log,
        publicUrl,
        worker: instance,
        now: this.#now,
        settled: wake,
        notifiers: new Map(ways),
        random,
      },
      ...(replyLink && { replyLink }),
    });
  }

  #changeDeps({ store }: Outage) {
    return { store, ...this.#factsOf() };
  }

  #factsOf(): { resolveOnCall: ResolveOnCall; plannedWork: PlannedWork } {
    const known = this.#known;
    return {
      resolveOnCall: async () => known?.onCall ?? (() => ({ people: [], targets: [], problem: null })),
      plannedWork: async () => known?.planned ?? NOTHING_PLANNED,
    };
  }
}

function idOf({ instance }: Occurrence): string {
  return alertId(instance.fingerprint, instance.episode);
}
