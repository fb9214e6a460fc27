import type { RuleConfig } from '../config.ts';
import { fingerprint, labelsKey } from '../fingerprint.ts';
import { type Instance, newInstance, stepInstance } from '../instance.ts';
import { judge } from './judge.ts';
import type { Reading } from './reading.ts';
import { type Moved, TENANT } from './step-rule.ts';

/**
 * Whether a rule is also evaluated between its slots, as rows arrive: a count that is too high stays so whatever comes
 * late, so nothing needs to be waited for.
 */
export function isCounted({ metric, condition, forMs }: Pick<RuleConfig, 'metric' | 'condition' | 'forMs'>): boolean {
  return metric?.kind === 'counter' && condition.op.startsWith('>') && forMs === 0;
}

/** Fires what counts too much already, and moves nothing else: ends are for the rule's own slots. */
export function stepCounted(
  rule: RuleConfig,
  readings: readonly Reading[],
  instances: readonly Instance[],
  at: number,
): Moved[] {
  const known = new Map(instances.map((instance) => [labelsKey(instance.labels), instance]));
  return readings.flatMap((reading) => {
    const verdict = judge(rule, reading, true, at);
    const print = fingerprint(TENANT, rule.id, reading.labels);
    const before = known.get(labelsKey(reading.labels)) ?? newInstance(print, rule.id, reading.labels, at);
    if (verdict.kind !== 'breach' || before.state === 'firing') return [];
    const { instance, transition } = stepInstance(before, verdict, rule, at);
    return transition ? [{ instance, transition }] : [];
  });
}
