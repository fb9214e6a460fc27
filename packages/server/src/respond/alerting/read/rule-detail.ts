import type { Rule, RuleDetail } from '@yumops/protocol';
import type { RuleConfig } from '../config.ts';
import type { BucketSource } from '../ports.ts';
import { seriesOfRule } from './series.ts';

/** What the page of a rule shows beside its line in the list. */
export async function detailOfRule(
  buckets: BucketSource,
  rule: RuleConfig,
  now: number,
): Promise<Omit<RuleDetail, keyof Rule>> {
  const { series, total } = await seriesOfRule(buckets, rule, now);
  const { threshold, unit } = rule.condition;
  return {
    threshold,
    unit,
    resolve: rule.resolve === threshold ? null : rule.resolve,
    minCount: rule.minCount,
    evaluatedEverySeconds: rule.evalIntervalMs / 1_000,
    series,
    seriesTotal: total,
    receivers: rule.notifications.map(({ channel, target, broken }) => ({ channel, target, broken })),
    escalation: rule.escalation,
    runbook: rule.runbook,
  };
}
