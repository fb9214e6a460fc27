import type { AlertingConfig } from './alerting-config.ts';
import type { RuleConfig } from './config.ts';
import type { EngineDeps } from './engine.ts';
import type { AlertSubject, Episode, Plan } from './episode.ts';
import { episodeOf, groupKeyOf, metaSubject, monitorSubject, ruleSubject } from './episodes.ts';
import { Evaluator } from './evaluate/evaluator.ts';
import { TENANT } from './evaluate/step-rule.ts';
import { alertId, fingerprint } from './fingerprint.ts';
import { decide, type GroupInput } from './group/decide.ts';
import { type Instance, newInstance, stepInstance, type Timing, type Transition, type Verdict } from './instance.ts';
import { type MetaCondition, metaConditions } from './meta.ts';
import { judgeMonitor, MONITOR_RULE_ID } from './monitor-alerts.ts';
import { Plans } from './plans.ts';
import type { Lease, MonitorStatus } from './ports.ts';

const MONITOR_POLL_MS = 5_000;

/** An instance whose alert begins, goes on or ends. */
interface Occurrence {
  instance: Instance;
  transition: Transition;
  origin: Episode['origin'];
  subject: AlertSubject;
  plan: () => Plan;
  at: number;
  resolveReason: string;
}

type LeaderDeps = Pick<
  EngineDeps,
  'store' | 'buckets' | 'watermark' | 'monitorStates' | 'notifiers' | 'timing' | 'clock'
>;

/** Evaluates rules, monitors and the platform itself for as long as its lease lasts. */
export class Leader {
  readonly lease: Lease;
  readonly #deps: LeaderDeps;
  readonly #config: AlertingConfig;
  readonly #plans: Plans;
  readonly #evaluator: Evaluator;
  /** Instances of monitors and of the platform's own conditions, by fingerprint. */
  readonly #others: Map<string, Instance>;
  #orphans: Instance[];
  #monitorsAt = 0;

  private constructor(
    deps: LeaderDeps,
    config: AlertingConfig,
    lease: Lease,
    evaluator: Evaluator,
    others: Instance[],
    orphans: Instance[],
  ) {
    this.#deps = deps;
    this.#config = config;
    this.lease = lease;
    this.#plans = new Plans(config, new Set(deps.notifiers(config).keys()));
    this.#evaluator = evaluator;
    this.#others = new Map(others.map((instance) => [instance.fingerprint, instance]));
    this.#orphans = orphans;
  }

  /** Begins with what the store knows. */
  static async take(deps: LeaderDeps, config: AlertingConfig, lease: Lease): Promise<Leader> {
    const [instances, statuses] = await Promise.all([deps.store.instances(), deps.store.ruleStatuses()]);
    const rules = new Map(config.rules.map((rule) => [rule.id, rule]));
    const isOther = ({ ruleId }: Instance) => ruleId === MONITOR_RULE_ID || ruleId.startsWith('meta:');
    const fits = (instance: Instance) => matches(rules.get(instance.ruleId), instance);
    const own = instances.filter((instance) => !isOther(instance));
    const evaluator = new Evaluator(deps.buckets, config.rules, deps.timing, own.filter(fits), statuses);
    const orphans = own.filter((instance) => !fits(instance) && instance.open);
    return new Leader(deps, config, lease, evaluator, instances.filter(isOther), orphans);
  }

  /** Evaluates what is due at `now` (ms) and commits it. */
  async evaluate(now: number): Promise<void> {
    const oldestUncounted = (await this.#deps.watermark()) ?? Number.POSITIVE_INFINITY;
    const round = await this.#evaluator.run(now, oldestUncounted);
    const changed = new Map(round.changed.map((instance) => [instance.fingerprint, instance]));
    const occurrences: Occurrence[] = this.#closeOrphans(now);
    for (const { rule, at, moves } of round.moved) {
      occurrences.push(...moves.map(({ instance, transition }) => this.#ofRule(rule, instance, transition, at)));
    }
    const polls = now >= this.#monitorsAt;
    if (polls) {
      this.#monitorsAt = now + MONITOR_POLL_MS;
      occurrences.push(...(await this.#stepMonitors(now, changed)));
    }
    if (polls || round.statuses.length > 0)
      occurrences.push(...this.#stepMeta(now, Math.max(0, now - oldestUncounted), changed));
    await this.#commit(occurrences, now);
    for (const { instance } of occurrences) changed.delete(instance.fingerprint);
    if (round.statuses.length === 0 && changed.size === 0) return;
    await this.#deps.store.saveEvaluation(this.lease, round.statuses, [...changed.values()]);
  }

  monitorsChanged(): void {
    this.#monitorsAt = 0;
  }

  /** When there is next something to evaluate, ms since the epoch. */
  nextRun(now: number): number {
    return Math.min(this.#evaluator.nextSlot(now) ?? Number.POSITIVE_INFINITY, this.#monitorsAt);
  }

  /** Alerts of rules that are gone, or that are split by other labels now, end. */
  #closeOrphans(now: number): Occurrence[] {
    const orphans = this.#orphans;
    this.#orphans = [];
    return orphans.map((orphan) => {
      const exists = this.#config.rules.some((rule) => rule.id === orphan.ruleId);
      const reason = exists ? 'rule_edited: the rule is split by other labels now' : 'rule_deleted';
      const { instance } = stepInstance(orphan, { kind: 'gone', reason }, NO_TIMING, now);
      return { ...this.#gone(instance, now), resolveReason: reason };
    });
  }

  #ofRule(rule: RuleConfig, instance: Instance, transition: Transition, at: number): Occurrence {
    return {
      instance,
      transition,
      origin: 'rule',
      subject: ruleSubject(rule, instance),
      plan: () => this.#plans.ofRule(rule),
      at,
      resolveReason: instance.state === 'insufficient' ? `insufficient: ${instance.reason}` : instance.reason,
    };
  }

  async #stepMonitors(now: number, changed: Map<string, Instance>): Promise<Occurrence[]> {
    const monitors = await this.#deps.monitorStates();
    const seen = new Set<string>();
    const occurrences: Occurrence[] = [];
    for (const monitor of monitors) {
      const labels = { monitor: monitor.id };
      const print = fingerprint(TENANT, MONITOR_RULE_ID, labels);
      seen.add(print);
      const fresh = () => newInstance(print, MONITOR_RULE_ID, labels, now);
      const moved = this.#stepOther(print, fresh, judgeMonitor(monitor), NO_TIMING, now, changed);
      if (moved) occurrences.push(this.#ofMonitor(monitor, moved.instance, moved.transition, now));
    }
    const removed = (instance: Instance) => instance.ruleId === MONITOR_RULE_ID && !seen.has(instance.fingerprint);
    occurrences.push(...this.#closeGone(removed, now, changed));
    return occurrences;
  }

  #ofMonitor(monitor: MonitorStatus, instance: Instance, transition: Transition, now: number): Occurrence {
    return {
      instance,
      transition,
      origin: 'monitor',
      subject: monitorSubject(monitor, instance),
      plan: () => this.#plans.ofMonitor(monitor),
      at: transition === 'resolved' ? now : Math.min(now, monitor.since),
      resolveReason: instance.reason,
    };
  }

  #stepMeta(now: number, lagMs: number, changed: Map<string, Instance>): Occurrence[] {
    const evaluator = this.#evaluator;
    const conditions = metaConditions(
      this.#config,
      (id) => evaluator.statusOf(id),
      (id) => evaluator.instancesOf(id),
      lagMs,
    );
    const known = new Set(conditions.map((condition) => condition.fingerprint));
    const gone = this.#closeGone(
      (instance) => instance.ruleId !== MONITOR_RULE_ID && !known.has(instance.fingerprint),
      now,
      changed,
    );
    return gone.concat(
      conditions.flatMap((condition) => {
        if (!condition.holds && !this.#others.has(condition.fingerprint)) return [];
        const { reason } = condition;
        const verdict: Verdict = { kind: condition.holds ? 'breach' : 'clear', value: 0, sample: 0, reason };
        const fresh = () => newInstance(condition.fingerprint, condition.id, condition.labels, now);
        const timing = { ...NO_TIMING, forMs: condition.forMs };
        const moved = this.#stepOther(condition.fingerprint, fresh, verdict, timing, now, changed);
        return moved ? [this.#ofMeta(condition, moved.instance, moved.transition, now)] : [];
      }),
    );
  }

  #ofMeta(condition: MetaCondition, instance: Instance, transition: Transition, now: number): Occurrence {
    return {
      instance,
      transition,
      origin: 'meta',
      subject: metaSubject(condition),
      plan: () => this.#plans.ofMeta(),
      at: now,
      resolveReason: condition.reason,
    };
  }

  /** The end of something of which only the instance is left; the alert keeps what it says. */
  #gone(instance: Instance, now: number): Occurrence {
    const subject = { value: null, sample: null, summary: instance.reason } as AlertSubject;
    return {
      instance,
      transition: 'resolved',
      origin: 'rule',
      subject,
      plan: () => this.#plans.ofMeta(),
      at: now,
      resolveReason: instance.reason,
    };
  }

  /** Ends what is open of instances whose subject is no more. */
  #closeGone(isGone: (instance: Instance) => boolean, now: number, changed: Map<string, Instance>): Occurrence[] {
    const gone: Verdict = { kind: 'gone', reason: 'it was removed' };
    return [...this.#others.values()]
      .filter((instance) => instance.open && isGone(instance))
      .flatMap((instance) => {
        const moved = this.#stepOther(instance.fingerprint, () => instance, gone, NO_TIMING, now, changed);
        return moved ? [this.#gone(moved.instance, now)] : [];
      });
  }

  #stepOther(
    print: string,
    fresh: () => Instance,
    verdict: Verdict,
    timing: Timing,
    now: number,
    changed: Map<string, Instance>,
  ): { instance: Instance; transition: Transition } | undefined {
    const before = this.#others.get(print) ?? fresh();
    const { instance, transition } = stepInstance(before, verdict, timing, now);
    this.#others.set(print, instance);
    if (instance.state !== before.state || instance.activeAt !== before.activeAt) changed.set(print, instance);
    return transition ? { instance, transition } : undefined;
  }

  /** Writes the occurrences group by group: instance, alert, timeline, outbox and timers in one transaction. */
  async #commit(occurrences: readonly Occurrence[], now: number): Promise<void> {
    const idOf = ({ instance }: Occurrence) => alertId(instance.fingerprint, instance.episode);
    const known = await this.#deps.store.groupsOf(
      occurrences.filter(({ transition }) => transition !== 'fired').map(idOf),
    );
    const groups = new Map<string, { inputs: GroupInput[]; instances: Instance[]; alertIds: string[] }>();
    for (const occurrence of occurrences) {
      const id = idOf(occurrence);
      const groupKey = known.get(id) ?? groupKeyOf(this.#config.grouping.by, occurrence.subject.labels ?? {});
      const group = groups.get(groupKey) ?? { inputs: [], instances: [], alertIds: [] };
      group.inputs.push(inputOf(occurrence, id, groupKey, now));
      group.instances.push(occurrence.instance);
      group.alertIds.push(id);
      groups.set(groupKey, group);
    }
    for (const [groupKey, { inputs, instances, alertIds }] of groups) {
      await this.#deps.store.change({
        groupKey,
        lease: this.lease,
        alertIds,
        instances,
        decide: (state) => decide(state, inputs, now),
      });
    }
  }
}

const NO_TIMING: Timing = { forMs: 0, keepFiringForMs: 0, windowMs: 0, noData: 'nodata' };

function inputOf(occurrence: Occurrence, id: string, groupKey: string, now: number): GroupInput {
  const { subject, instance, origin, at } = occurrence;
  if (occurrence.transition === 'resolved') {
    const { value, sample, summary } = subject;
    return { type: 'resolved', alertId: id, reason: occurrence.resolveReason, reading: { value, sample, summary } };
  }
  return { type: 'fired', alert: episodeOf(subject, instance, { origin, plan: occurrence.plan(), groupKey, at, now }) };
}

/** Whether the instance is still one of this rule: split by the same labels. */
function matches(rule: RuleConfig | undefined, instance: Instance): boolean {
  if (!rule) return false;
  const names = Object.keys(instance.labels);
  return names.length === rule.by.length && names.every((name) => rule.by.includes(name));
}
