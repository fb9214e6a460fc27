import type { AlertState } from '@yumops/protocol';
import type { RuleConfig } from '../config.ts';
import { fingerprint, labelsKey } from '../fingerprint.ts';
import { type Instance, newInstance, stepInstance, type Transition, type Verdict } from '../instance.ts';
import type { RuleStatus } from '../ports.ts';
import { judge } from './judge.ts';
import type { Reading } from './reading.ts';

/** One installation is one organisation. */
export const TENANT = 'default';

const GONE_AFTER_MS = 86_400_000;

export interface Moved {
  instance: Instance;
  transition: Transition;
}

export interface RuleStep {
  instances: Instance[];
  /** Those whose stored part changed. */
  changed: Instance[];
  moved: Moved[];
  /** Those that go on firing with another value. */
  followed: Instance[];
  status: Pick<RuleStatus, 'state' | 'value' | 'sample' | 'reason'>;
}

/**
 * Evaluates one rule at the instant `at` (ms).
 * @param instances the rule's instances so far
 * @param fresh whether the pipeline has counted everything of the last 2 minutes
 */
export function stepRule(
  rule: RuleConfig,
  readings: readonly Reading[],
  instances: readonly Instance[],
  fresh: boolean,
  at: number,
): RuleStep {
  const byLabels = new Map(readings.map((reading) => [labelsKey(reading.labels), reading]));
  const known = new Map(instances.map((instance) => [labelsKey(instance.labels), instance]));
  for (const reading of readings) {
    const key = labelsKey(reading.labels);
    if (known.has(key) || reading.count === 0) continue;
    known.set(key, newInstance(fingerprint(TENANT, rule.id, reading.labels), rule.id, reading.labels, at));
  }
  const anyData = readings.some((reading) => reading.count > 0);
  const timing = rule.burn ? { ...rule, windowMs: rule.burn.shortMs } : rule;
  const changed: Instance[] = [];
  const moved: Moved[] = [];
  const followed: Instance[] = [];
  const after: Instance[] = [];
  for (const [key, before] of known) {
    const verdict = orGone(judge(rule, byLabels.get(key), fresh, at), before, anyData, at);
    const { instance, transition } = stepInstance(before, verdict, timing, at);
    after.push(instance);
    if (differs(before, instance)) changed.push(instance);
    if (transition) moved.push({ instance, transition });
    else if (goesOn(before, instance)) followed.push(instance);
  }
  const kept = after.filter((instance) => byLabels.has(labelsKey(instance.labels)) || isRemembered(instance));
  return { instances: kept, changed, moved, followed, status: statusOf(after) };
}

/**
 * A series that fell silent while others of the rule go on has been replaced, as an instance by the next deployment.
 * One that fires is kept for a day.
 */
function orGone(verdict: Verdict, before: Instance, anyData: boolean, at: number): Verdict {
  if (verdict.kind !== 'nodata' || before.silentSince === null) return verdict;
  const replaced = anyData && !before.open;
  const long = at - before.silentSince >= GONE_AFTER_MS;
  return replaced || long ? { kind: 'gone', reason: `target_gone: ${verdict.reason}` } : verdict;
}

/** It fires as before, and what it says has changed. */
function goesOn(before: Instance, after: Instance): boolean {
  return after.open && after.value !== null && (after.value !== before.value || after.reason !== before.reason);
}

/** What is inactive, has never fired and sends nothing is forgotten. */
function isRemembered(instance: Instance): boolean {
  return instance.state !== 'inactive' || instance.episode > 0 || instance.silentSince !== null;
}

/** A value that only moved within its state is not worth a write. */
function differs(before: Instance, after: Instance): boolean {
  return (
    before.state !== after.state ||
    before.activeAt !== after.activeAt ||
    before.clearSince !== after.clearSince ||
    before.starvedSince !== after.starvedSince ||
    before.open !== after.open ||
    before.resolvedAt !== after.resolvedAt ||
    before.silentSince !== after.silentSince
  );
}

const WORST: readonly AlertState[] = ['firing', 'pending', 'nodata', 'insufficient', 'inactive'];

/** The rule shows the state of its worst instance; without any it is inactive. */
function statusOf(instances: readonly Instance[]): RuleStep['status'] {
  const worst = [...instances].sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state))[0];
  if (!worst) return { state: 'insufficient', value: null, sample: null, reason: 'no data yet' };
  return { state: worst.state, value: worst.value, sample: worst.sample, reason: worst.reason };
}
