import type { RuleConfig } from '../config.ts';
import type { Demand } from './buckets.ts';
import { dimensionsOf } from './reading.ts';

/** The series of `rule_buckets` that a rule reads. A gauge, known or of the user's own, has one by its name. */
export function seriesOf(rule: Pick<RuleConfig, 'condition' | 'metric'>): string {
  const { metric } = rule;
  if (!metric || metric.source === 'metrics') return `metric:${rule.condition.metric}`;
  return metric.series ?? metric.source;
}

/** What a rule needs from its series. */
export function demandOf(rule: RuleConfig): Demand {
  return {
    series: seriesOf(rule),
    dimensions: dimensionsOf(rule),
    spanMs: rule.windowMs,
    classes: rule.condition.reducer.startsWith('p'),
  };
}
