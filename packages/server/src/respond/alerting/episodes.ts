import type { RuleConfig } from './config.ts';
import type { AlertSubject, Episode, Plan } from './episode.ts';
import { equivalentQuery } from './evaluate/query.ts';
import { alertId, type Labels, labelsKey } from './fingerprint.ts';
import type { Instance } from './instance.ts';
import { summaryOf } from './message/summary.ts';
import { fillAll } from './message/template.ts';
import type { MetaCondition } from './meta.ts';
import { MONITOR_RULE } from './monitor-alerts.ts';
import type { MonitorStatus } from './ports.ts';

/** The key of the group an alert belongs to. `...` stands for all labels; its project counts as one. */
export function groupKeyOf(by: readonly string[], alert: { labels: Labels; project?: string | null }): string {
  const labels = alert.project ? { project: alert.project, ...alert.labels } : alert.labels;
  if (by.includes('...')) return labelsKey(labels);
  return labelsKey(Object.fromEntries(by.map((name) => [name, labels[name] ?? ''])));
}

/** What an alert of a rule says. */
export function ruleSubject(rule: RuleConfig, instance: Instance): AlertSubject {
  const present = Object.entries(instance.labels).filter(([, value]) => value !== '');
  const labels = { alertname: rule.name, ...Object.fromEntries(present), ...rule.labels };
  const { threshold } = rule.condition;
  return {
    rule: rule.name,
    severity: rule.severity,
    labels,
    annotations: fillAll(rule.annotations, { value: instance.value, threshold, labels }),
    summary: summaryOf(rule.name, instance.reason, instance.labels),
    sentence: rule.sentence,
    query: equivalentQuery(rule),
    value: instance.value,
    sample: instance.sample,
    threshold,
    unit: rule.condition.unit,
    windowMs: rule.windowMs,
    runbook: rule.runbook,
  };
}

/** What the alert of a monitor says. */
export function monitorSubject(monitor: MonitorStatus, instance: Instance): AlertSubject {
  return {
    ...UNMEASURED,
    rule: MONITOR_RULE,
    severity: monitor.severity,
    labels: { alertname: MONITOR_RULE, monitor: monitor.name, ...monitor.labels },
    summary: `${monitor.name} is ${monitorWord(instance)}: ${instance.reason}`,
    sentence: `Fires when the monitor ${monitor.name} is down.`,
    query: `SELECT timestamp, ok, reason FROM checks WHERE monitor = '${monitor.name.replaceAll("'", "''")}' ORDER BY timestamp DESC`,
    runbook: monitor.runbook ?? null,
    project: monitor.project ?? null,
  };
}

function monitorWord(instance: Instance): string {
  if (instance.state === 'firing') return 'down';
  return instance.value === null ? 'no longer watched' : 'up again';
}

/** What an alert of the platform about itself says. */
export function metaSubject(condition: MetaCondition): AlertSubject {
  return {
    ...UNMEASURED,
    rule: condition.name,
    severity: 'info',
    labels: { alertname: condition.name, ...condition.labels },
    summary: `${condition.name}: ${condition.reason}`,
    sentence: 'Fires when the alert path itself has a problem.',
    query: '',
    runbook: null,
  };
}

/** The parts of a subject that only rules over numbers have. */
export const UNMEASURED = {
  annotations: {},
  value: null,
  sample: null,
  threshold: null,
  unit: null,
  windowMs: null,
} as const;

/** The episode that begins, or goes on, with an instance. `at`: the evaluation, `now`: the commit; ms. */
export function episodeOf(
  subject: AlertSubject,
  instance: Pick<Instance, 'fingerprint' | 'episode' | 'round' | 'ruleId'> & Partial<Pick<Instance, 'flips'>>,
  context: { origin: Episode['origin']; plan: Plan; groupKey: string; at: number; now: number },
): Episode {
  return {
    ...subject,
    id: alertId(instance.fingerprint, instance.episode),
    fingerprint: instance.fingerprint,
    episode: instance.episode,
    round: instance.round,
    origin: context.origin,
    ruleId: instance.ruleId,
    groupKey: context.groupKey,
    state: 'firing',
    startedAt: context.at,
    firedAt: context.now,
    resolvedAt: null,
    resolveReason: null,
    plan: context.plan,
    lastStep: -1,
    repeats: 0,
    ack: null,
    flips: instance.flips ?? [],
    flappingSince: null,
    raises: 0,
  };
}
