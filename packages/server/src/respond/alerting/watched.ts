import {
  CERTIFICATE_RULE_ID,
  CERTIFICATE_STEPS,
  certificateStep,
  certificateSubject,
  judgeCertificate,
} from './certificate-alerts.ts';
import { metaSubject, monitorSubject } from './episodes.ts';
import { TENANT } from './evaluate/step-rule.ts';
import { fingerprint, type Labels } from './fingerprint.ts';
import { type Instance, newInstance, stepInstance, type Timing, type Transition, type Verdict } from './instance.ts';
import type { MetaCondition } from './meta.ts';
import { judgeMonitor, MONITOR_RULE_ID } from './monitor-alerts.ts';
import { endOf, type Occurrence, occurrenceOf } from './occurrence.ts';
import type { Plans } from './plans.ts';
import type { MonitorStatus } from './ports.ts';
import { nextSynthetic, SYNTHETIC_RULE_ID, type SyntheticTargets } from './synthetic.ts';

/** Moves at once: what is watched has been confirmed already. */
const AT_ONCE: Timing = { forMs: 0, keepFiringForMs: 0, windowMs: 0, noData: 'nodata' };

/** How long after a start a condition may be missing before it counts as ended: who watches it has to look first, ms. */
const SETTLE_MS = 60_000;

/** What one step gives, before anything is written. */
export interface WatchStep {
  occurrences: Occurrence[];
  /** Instances that changed without any effect on alerts, and those with one. */
  changed: Instance[];
}

interface Watch {
  fingerprint: string;
  ruleId: string;
  labels: Labels;
  verdict: Verdict;
  forMs: number;
  occurrence(instance: Instance, transition: Transition): Occurrence;
}

/** Whether instances of this rule are watched here, and not evaluated from telemetry. */
export function isWatched(ruleId: string): boolean {
  return isOfMonitor(ruleId) || isOfPlatform(ruleId) || ruleId === SYNTHETIC_RULE_ID;
}

function isOfMonitor(ruleId: string): boolean {
  return ruleId === MONITOR_RULE_ID || ruleId === CERTIFICATE_RULE_ID;
}

function isOfPlatform(ruleId: string): boolean {
  return ruleId.startsWith('meta:');
}

/** The instances whose state comes from elsewhere: monitors, and the platform's own conditions. */
export class Watched {
  readonly #plans: Plans;
  readonly #instances: Map<string, Instance>;
  #conditionsSince: number | null = null;

  /** @param instances as they were stored */
  constructor(plans: Plans, instances: readonly Instance[]) {
    this.#plans = plans;
    this.#instances = new Map(instances.map((instance) => [instance.fingerprint, instance]));
  }

  /** Takes over the states of all monitors; one that is not among them was removed. */
  monitors(monitors: readonly MonitorStatus[], now: number): WatchStep {
    const watches = monitors.map((monitor): Watch => {
      const labels = { monitor: monitor.id };
      return {
        fingerprint: fingerprint(TENANT, MONITOR_RULE_ID, labels),
        ruleId: MONITOR_RULE_ID,
        labels,
        verdict: judgeMonitor(monitor),
        forMs: 0,
        occurrence: (instance, transition) => {
          const subject = monitorSubject(monitor, instance);
          const at = Math.min(now, monitor.since);
          const plan = () => this.#plans.ofMonitor(monitor, subject);
          return occurrenceOf(instance, transition, { origin: 'monitor', subject, at, plan });
        },
      };
    });
    const certificates = monitors.flatMap((monitor) => this.#certificateOf(monitor, now));
    return this.#step([...watches, ...certificates], isOfMonitor, now);
  }

  /** Takes over the platform's own conditions; one that is not among them has no subject any more. */
  conditions(conditions: readonly MetaCondition[], now: number): WatchStep {
    const relevant = conditions.filter((condition) => condition.holds || this.#instances.has(condition.fingerprint));
    const watches = relevant.map(
      (condition): Watch => ({
        fingerprint: condition.fingerprint,
        ruleId: condition.id,
        labels: condition.labels,
        verdict: { kind: condition.holds ? 'breach' : 'clear', value: 0, sample: 0, reason: condition.reason },
        forMs: condition.forMs,
        occurrence: (instance, transition) =>
          occurrenceOf(instance, transition, {
            origin: 'meta',
            subject: metaSubject(condition),
            at: now,
            plan: () => this.#plans.ofMeta(),
          }),
      }),
    );
    this.#conditionsSince ??= now;
    const settled = now - this.#conditionsSince >= SETTLE_MS;
    return this.#step(watches, (ruleId) => settled && isOfPlatform(ruleId), now);
  }

  /** One alert for each step on the way to the end; a step that was never reached is not watched. */
  #certificateOf(monitor: MonitorStatus, now: number): Watch[] {
    const days = monitor.certificateDays;
    if (days === null || days === undefined || monitor.state === 'paused') return [];
    return CERTIFICATE_STEPS.flatMap((step) => {
      const labels = { monitor: monitor.id, within: `${step}d` };
      const key = fingerprint(TENANT, CERTIFICATE_RULE_ID, labels);
      if (certificateStep(days) !== step && this.#instances.get(key)?.open !== true) return [];
      return {
        fingerprint: key,
        ruleId: CERTIFICATE_RULE_ID,
        labels,
        verdict: judgeCertificate(days, step),
        forMs: 0,
        occurrence: (instance, transition) => {
          const subject = certificateSubject(monitor, step, instance);
          const plan = () => this.#plans.ofMonitor({ ...monitor, severity: subject.severity }, subject);
          return occurrenceOf(instance, transition, { origin: 'monitor', subject, at: now, plan });
        },
      };
    });
  }

  /** The next synthetic alert. */
  synthetic(to: SyntheticTargets, now: number): WatchStep {
    const before = [...this.#instances.values()].find(({ ruleId }) => ruleId === SYNTHETIC_RULE_ID);
    const occurrences = nextSynthetic(before, to, now);
    for (const { instance } of occurrences) this.#instances.set(instance.fingerprint, instance);
    return { occurrences, changed: [] };
  }

  #step(watches: readonly Watch[], isOwn: (ruleId: string) => boolean, now: number): WatchStep {
    const step: WatchStep = { occurrences: [], changed: [] };
    for (const watch of watches) {
      const { ruleId, labels } = watch;
      const before = this.#instances.get(watch.fingerprint) ?? newInstance(watch.fingerprint, ruleId, labels, now);
      const { instance, transition } = this.#move(before, watch.verdict, watch.forMs, now, step);
      if (transition) step.occurrences.push(watch.occurrence(instance, transition));
    }
    const seen = new Set(watches.map((watch) => watch.fingerprint));
    for (const before of [...this.#instances.values()]) {
      if (!before.open || !isOwn(before.ruleId) || seen.has(before.fingerprint)) continue;
      const { instance } = this.#move(before, { kind: 'gone', reason: 'it was removed' }, 0, now, step);
      step.occurrences.push(endOf(instance));
    }
    return step;
  }

  #move(before: Instance, verdict: Verdict, forMs: number, now: number, step: WatchStep) {
    const moved = stepInstance(before, verdict, { ...AT_ONCE, forMs }, now);
    this.#instances.set(before.fingerprint, moved.instance);
    if (moved.instance.state !== before.state || moved.instance.activeAt !== before.activeAt) {
      step.changed.push(moved.instance);
    }
    return moved;
  }
}
