import { BEAT_CHANNEL } from '../watchdog/index.ts';
import type { AlertingConfig } from './alerting-config.ts';
import type { RuleConfig } from './config.ts';
import { deadChannelConditions } from './deliver/dead-channels.ts';
import type { EngineDeps } from './engine.ts';
import { ruleSubject } from './episodes.ts';
import { Evaluator, type Round } from './evaluate/evaluator.ts';
import { alertId } from './fingerprint.ts';
import { type Instance, stepInstance, type Transition } from './instance.ts';
import { metaConditions } from './meta.ts';
import type { MetricSource } from './metrics.ts';
import { commitOccurrences, endOf, type Occurrence, occurrenceOf } from './occurrence.ts';
import { Plans } from './plans.ts';
import {
  type Lease,
  type MonitorStatus,
  NOTHING_PLANNED,
  type Planned,
  type RuleStatus,
  type Saying,
} from './ports.ts';
import { raiseSeverities } from './raises.ts';
import { isWatched, Watched } from './watched.ts';

const MONITOR_POLL_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;
const PUSHED_KEPT_MS = 86_400_000;
/** Silences that are over are still listed for so long. */
const SILENCES_KEPT_MS = 5 * 86_400_000;
const SYNTHETIC_KEPT_MS = 3_600_000;

type LeaderDeps = Pick<
  EngineDeps,
  | 'store'
  | 'resolveOnCall'
  | 'plannedWork'
  | 'configRefusal'
  | 'buckets'
  | 'watermark'
  | 'monitorStates'
  | 'conditions'
  | 'notifiers'
  | 'timing'
>;

interface Stored {
  instances: readonly Instance[];
  statuses: readonly RuleStatus[];
}

/** Evaluates rules, monitors and the platform itself for as long as its lease lasts. */
export class Leader {
  readonly lease: Lease;
  readonly #deps: LeaderDeps;
  readonly #config: AlertingConfig;
  readonly #plans: Plans;
  readonly #evaluator: Evaluator;
  readonly #watched: Watched;
  #orphans: readonly Instance[];
  #planned: Planned = NOTHING_PLANNED;
  /** What was found and may not be in the store. */
  #uncommitted: Occurrence[] = [];
  #monitorsAt = 0;
  /** Severities of this configuration were not compared yet with those of what fires. */
  #isNew = true;
  #pruneAt = 0;
  #beatAt: number;

  private constructor(deps: LeaderDeps, config: AlertingConfig, lease: Lease, stored: Stored) {
    const rules = new Map(config.rules.map((rule) => [rule.id, rule]));
    const fits = (instance: Instance) => matches(rules.get(instance.ruleId), instance);
    const evaluated = stored.instances.filter((instance) => !isWatched(instance.ruleId));
    const watched = stored.instances.filter((instance) => isWatched(instance.ruleId));
    this.#deps = deps;
    this.#config = config;
    this.#beatAt = (config.watchdog?.heartbeats ?? []).length > 0 ? 0 : Number.POSITIVE_INFINITY;
    this.lease = lease;
    this.#plans = new Plans(config, new Set(deps.notifiers(config).keys()));
    this.#watched = new Watched(this.#plans, watched);
    this.#evaluator = new Evaluator(
      deps.buckets,
      config.rules,
      deps.timing,
      evaluated.filter(fits),
      stored.statuses,
      (slo, from, to) => this.#planned.excludedOf(slo, from, to),
      config.restore ?? null,
    );
    this.#orphans = evaluated.filter((instance) => instance.open && !fits(instance));
  }

  /** Begins with what the store knows. */
  static async take(deps: LeaderDeps, config: AlertingConfig, lease: Lease): Promise<Leader> {
    const [instances, statuses] = await Promise.all([deps.store.instances(), deps.store.ruleStatuses()]);
    return new Leader(deps, config, lease, { instances, statuses });
  }

  /**
   * Evaluates what is due at `now` (ms) and commits it.
   * @throws YumOpsError `lease_lost`
   */
  async evaluate(now: number): Promise<void> {
    const { store, watermark, monitorStates } = this.#deps;
    const oldestUncounted = (await watermark()) ?? Number.POSITIVE_INFINITY;
    if (now >= this.#pruneAt) {
      this.#pruneAt = now + PRUNE_EVERY_MS;
      await store.pruneSilences(now - SILENCES_KEPT_MS);
      await store.pruneSynthetic(now - SYNTHETIC_KEPT_MS);
      await store.prunePushed(now - PUSHED_KEPT_MS);
    }
    if (this.#config.rules.some(({ burn }) => burn))
      this.#planned = (await this.#deps.plannedWork?.(now)) ?? NOTHING_PLANNED;
    const round = await this.#evaluator.run(now, oldestUncounted);
    const occurrences = this.#closeOrphans(now);
    occurrences.push(...this.#ofMoves(round.moved));
    this.#uncommitted = occurrences;
    const changed = [...round.changed];
    if (now >= this.#monitorsAt) {
      this.#monitorsAt = now + MONITOR_POLL_MS;
      const lag = Math.max(0, now - oldestUncounted);
      const monitors = await monitorStates();
      if (this.#isNew) await this.#raise(monitors, now);
      for (const step of [this.#watched.monitors(monitors, now), await this.#watchItself(lag, now)]) {
        occurrences.push(...step.occurrences);
        changed.push(...step.changed);
      }
    }
    if (now >= this.#beatAt) occurrences.push(...this.#beat(now));
    await commitOccurrences(this.#deps, this.lease, this.#config.grouping.by, occurrences, now);
    const written = new Set(occurrences.map(({ instance }) => instance.fingerprint));
    const rest = changed.filter((instance) => !written.has(instance.fingerprint));
    if (round.statuses.length + rest.length > 0) await store.saveEvaluation(this.lease, round.statuses, rest);
    if (round.followed.length > 0) await store.follow(this.lease, round.followed.map(sayingOf));
    this.#uncommitted = [];
  }

  /** Evaluates the rules that are due at `now` (ms) while the store is away; nothing is written. */
  async evaluateAlone(now: number): Promise<Occurrence[]> {
    const oldestUncounted = (await this.#deps.watermark()) ?? Number.POSITIVE_INFINITY;
    return this.#ofMoves((await this.#evaluator.run(now, oldestUncounted)).moved);
  }

  /** What was found before the store went away, once. */
  takeUncommitted(): Occurrence[] {
    const uncommitted = this.#uncommitted;
    this.#uncommitted = [];
    return uncommitted;
  }

  /**
   * Evaluates between their slots the rules that count rows of these sources, and commits what fires at `now` (ms).
   * @throws YumOpsError `lease_lost`
   */
  async evaluateCounted(now: number, sources: ReadonlySet<MetricSource>): Promise<void> {
    const occurrences = this.#ofMoves(await this.#evaluator.runCounted(now, sources));
    this.#uncommitted = occurrences;
    await commitOccurrences(this.#deps, this.lease, this.#config.grouping.by, occurrences, now);
    this.#uncommitted = [];
  }

  /** Monitors have changed: they are read at the next evaluation. */
  monitorsChanged(): void {
    this.#monitorsAt = 0;
  }

  /** When there is next something to evaluate, ms since the epoch. */
  nextRun(now: number): number {
    return Math.min(this.nextSlot(now), this.#monitorsAt, this.#beatAt);
  }

  /** When a rule is evaluated next, ms since the epoch. */
  nextSlot(now: number): number {
    return this.#evaluator.nextSlot(now) ?? Number.POSITIVE_INFINITY;
  }

  async #raise(monitors: readonly MonitorStatus[], now: number): Promise<void> {
    this.#isNew = false;
    const rules = new Map(this.#config.rules.map((rule) => [rule.id, rule]));
    await raiseSeverities(this.#deps, this.lease, { rules, monitors, plans: this.#plans }, now);
  }

  /** The synthetic alert whose messages are the platform's signs of life. */
  #beat(now: number): Occurrence[] {
    const { watchdog } = this.#config;
    if (!watchdog) return [];
    this.#beatAt = now + watchdog.everyMs;
    const names = watchdog.heartbeats.filter(({ broken }) => broken === null).map(({ name }) => name);
    return this.#watched.synthetic({ channel: BEAT_CHANNEL, names }, now).occurrences;
  }

  async #watchItself(lagMs: number, now: number) {
    const { store, notifiers } = this.#deps;
    const channels = [...notifiers(this.#config).keys()].filter((channel) => channel !== BEAT_CHANNEL);
    const dead = deadChannelConditions(channels, await store.deadChannels(now));
    const evaluator = this.#evaluator;
    const conditions = metaConditions(
      this.#config,
      (id) => evaluator.statusOf(id),
      (id) => evaluator.instancesOf(id),
      { lagMs, configRefusal: this.#deps.configRefusal?.() ?? null },
      [...(this.#deps.conditions?.() ?? []), ...dead],
    );
    return this.#watched.conditions(conditions, now);
  }

  /** Alerts of rules that are gone, or that are split by other labels now, end. */
  #closeOrphans(now: number): Occurrence[] {
    const orphans = this.#orphans;
    this.#orphans = [];
    return orphans.map((orphan) => {
      const exists = this.#config.rules.some((rule) => rule.id === orphan.ruleId);
      const reason = exists ? 'rule_edited: the rule is split by other labels now' : 'rule_deleted';
      const timing = { forMs: 0, keepFiringForMs: 0, windowMs: 0, noData: 'nodata' } as const;
      return endOf(stepInstance(orphan, { kind: 'gone', reason }, timing, now).instance);
    });
  }

  #ofMoves(moved: Round['moved']): Occurrence[] {
    return moved.flatMap(({ rule, at, moves }) =>
      moves.map(({ instance, transition }) => this.#ofRule(rule, instance, transition, at)),
    );
  }

  #ofRule(rule: RuleConfig, instance: Instance, transition: Transition, at: number): Occurrence {
    const subject = ruleSubject(rule, instance);
    return occurrenceOf(instance, transition, {
      origin: 'rule',
      subject,
      at,
      plan: () => this.#plans.ofRule(rule, subject),
    });
  }
}

/** What the alert of an instance says now, for messages to come and for pages. */
function sayingOf({ rule, instance }: { rule: RuleConfig; instance: Instance }): Saying {
  const { value, sample, summary, annotations } = ruleSubject(rule, instance);
  return { alertId: alertId(instance.fingerprint, instance.episode), said: { value, sample, summary, annotations } };
}

/** Whether the instance is still one of this rule: split by the same labels. */
function matches(rule: RuleConfig | undefined, instance: Instance): boolean {
  if (!rule) return false;
  const names = Object.keys(instance.labels);
  return names.length === rule.by.length && names.every((name) => rule.by.includes(name));
}
