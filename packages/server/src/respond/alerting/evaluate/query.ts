import type { Burn, RuleConfig } from '../config.ts';
import type { MetricSource } from '../metrics.ts';

type Asked = Pick<RuleConfig, 'condition' | 'metric' | 'windowMs' | 'by' | 'projects' | 'environments' | 'burn'>;

const RELATIONS: Record<MetricSource, string> = {
  requests: 'requests',
  application_logs: 'application_logs',
  outbound_calls: 'outbound_calls',
  metrics: 'metrics',
  checks: 'checks',
  health_checks: 'health_checks',
  error_events: 'error_events',
  web_vitals: 'web_vitals',
};

/** Where the registry's counters and ratios differ from a plain count. */
const BAD: Record<string, string> = {
  error_rate: 'statusCode >= 500',
  log_error_rate: "level IN ('error', 'fatal')",
  external_api_error_rate: 'failed',
  check_failure_rate: 'NOT ok',
  unhandled_error_rate: 'handled = false',
  health_check_failure_rate: "state = 'down'",
};

const FAILED_SIGN_IN = "(event = 'failed_authentication' OR event LIKE 'authn_login_fail%')";

/** The SQL that gives a rule's value now, for people: the engine reads the same from buckets. */
export function equivalentQuery(rule: Asked): string {
  if (rule.burn) return burnQuery(rule, rule.burn);
  const by = rule.by.map(labelColumn(rule));
  const relation = RELATIONS[rule.metric?.source ?? 'metrics'];
  const lines = [
    `SELECT ${[...by, `${valueExpression(rule)} AS value`, 'count() AS sample'].join(', ')}`,
    `FROM ${relation}`,
    `WHERE ${conditions(rule).join('\n  AND ')}`,
  ];
  if (by.length > 0) lines.push(`GROUP BY ${by.join(', ')}`);
  return lines.join('\n');
}

/** The burn rate of the long window. */
function burnQuery(rule: Asked, { indicator, budget, longMs }: Burn): string {
  const { series, labels, underMs } = indicator;
  const bad = { requests: BAD['error_rate'], checks: BAD['check_failure_rate'] }[series];
  const where = [
    `timestamp > now() - INTERVAL ${longMs / 1_000} SECOND`,
    ...Object.entries(labels).map(([name, value]) => `${name} = ${quote(value)}`),
    ...scope(rule),
  ];
  return [
    `SELECT countIf(${underMs === null ? bad : `duration >= ${underMs}`}) / count() / ${budget} AS burn_rate, count() AS sample`,
    `FROM ${series}`,
    `WHERE ${where.join('\n  AND ')}`,
  ].join('\n');
}

function scope(rule: Asked): string[] {
  return [
    ...(rule.projects.length > 0 ? [`project IN (${rule.projects.map(quote).join(', ')})`] : []),
    ...(rule.environments.length > 0 ? [`environment IN (${rule.environments.map(quote).join(', ')})`] : []),
  ];
}

function valueExpression(rule: Asked): string {
  const { reducer, metric } = rule.condition;
  const column = columnOf(rule);
  switch (reducer) {
    case 'ratio':
      return `100 * countIf(${BAD[metric] ?? 'false'}) / count()`;
    case 'count':
      return countExpression(rule);
    case 'last':
      return `argMax(${column}, timestamp)`;
    case 'p50':
    case 'p75':
    case 'p95':
    case 'p99':
      return `quantile(0.${reducer.slice(1)})(${column})`;
    default:
      return `${reducer}(${column})`;
  }
}

function columnOf({ metric }: Asked): string {
  if (metric?.kind !== 'duration' || metric.source === 'web_vitals') return 'value';
  return metric.source === 'checks' || metric.source === 'health_checks' ? 'durationMs' : 'duration';
}

function countExpression(rule: Asked): string {
  if (rule.metric?.unit === '/s') return `count() / ${rule.windowMs / 1_000}`;
  const { perMs } = rule.condition;
  return perMs === null || perMs === rule.windowMs ? 'count()' : `count() * ${perMs} / ${rule.windowMs}`;
}

function conditions(rule: Asked): string[] {
  const seconds = rule.windowMs / 1_000;
  const column = labelColumn(rule);
  const all = [`timestamp > now() - INTERVAL ${seconds} SECOND`];
  if (rule.metric === null || rule.metric.source === 'metrics') all.push(`name = ${quote(rule.condition.metric)}`);
  if (rule.metric?.source === 'web_vitals') all.push(`name = ${quote(rule.condition.metric.toUpperCase())}`);
  if (rule.condition.metric === 'failed_auth_attempts') all.push(FAILED_SIGN_IN);
  for (const [name, value] of Object.entries(rule.condition.labels)) all.push(`${column(name)} = ${quote(value)}`);
  all.push(...scope(rule));
  return all;
}

const COLUMNS: ReadonlySet<string> = new Set(['project', 'service', 'environment', 'release']);

/** Labels of metrics are attributes; those of other relations are columns. */
function labelColumn(rule: Asked): (name: string) => string {
  const attributes = rule.metric === null || rule.metric.source === 'metrics';
  if (rule.metric?.source === 'error_events') return (name) => (name === 'issue' ? 'groupId' : name);
  return (name) => (attributes && !COLUMNS.has(name) ? `attributes[${quote(name)}]` : name);
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
