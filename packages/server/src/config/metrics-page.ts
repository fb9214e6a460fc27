import type { RuleMetric } from '../respond/alerting/metrics.ts';

function resolveAt({ hysteresis }: RuleMetric): string {
  if ('points' in hysteresis) return `${hysteresis.points} points below`;
  return `${hysteresis.factor} × the threshold`;
}

function sample({ minCount, minBad, coverage }: RuleMetric): string {
  if (coverage > 0) return `${coverage * 100} % of the samples`;
  if (minCount === 0) return 'none';
  return minBad === 0 ? `${minCount}` : `${minCount}, of them ${minBad} bad`;
}

function prefixes({ reducers, reducer }: RuleMetric): string {
  const written = reducers.filter((one) => one !== 'ratio' && one !== 'count').map((one) => `\`${one}_\``);
  return written.length === 0 ? 'none' : `${written.join(' ')} (without: ${reducer})`;
}

function row(metric: RuleMetric): string {
  const cells = [
    `\`${metric.name}\``,
    metric.description,
    metric.unit === '' ? 'number' : metric.unit,
    prefixes(metric),
    sample(metric),
    resolveAt(metric),
    `${metric.holdMs / 1_000} s`,
    metric.by.join(', '),
    `\`${metric.source}\``,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The reference page of rule metrics, made from their registry. */
export function ruleMetricsPage(metrics: Iterable<RuleMetric>): string {
  const headings = [
    'Metric',
    'What it is',
    'Unit',
    'Prefixes',
    'Least sample',
    'Resolves at',
    'Hold',
    'One alert for each',
    'From',
  ];
  return [
    '<!-- Written by scripts/schemas.mjs from the registry of rule metrics. Do not edit. -->',
    '',
    '# Rule metrics',
    '',
    'A condition is `metric{label=value} operator number[unit] [per hour]`. Operators: `>` `>=` `<` `<=` `==` `!=`.',
    'Units: `%`, `ms` `s` `m` `h`, `B` `KB` `MB` `GB` `KiB` `MiB` `GiB`. A prefix chooses how the samples of a window',
    'become one number. Any other name is a metric of your own; it resolves at its threshold.',
    '',
    `| ${headings.join(' | ')} |`,
    `|${' --- |'.repeat(headings.length)}`,
    ...[...metrics].map(row),
    '',
  ].join('\n');
}
