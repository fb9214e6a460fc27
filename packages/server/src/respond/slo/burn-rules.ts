import { formatDuration } from '../../lib/duration.ts';
import { type Report, within } from '../../lib/finding.ts';
import { slug } from '../../lib/section.ts';
import type { AlertSettings, Receivers, RuleConfig } from '../alerting/index.ts';
import type { RawSlo } from './config.ts';
import { type BurnPair, budgetOf, burnAlertName, type Slo } from './slo.ts';

/** Budgets are looked at so often; a page must not wait for the minute to end. */
const EVAL_INTERVAL_MS = 15_000;
const ACK_CRITICAL_MS = 1_800_000;
const ACK_MS = 14_400_000;

/** What the receivers of burn alerts are found with. */
export interface BurnContext {
  receivers: Receivers;
  settings: AlertSettings;
}

/**
 * The alert rules of an SLO, one for each pair of windows. They have neither hold nor hysteresis: the short window ends
 * them. Without receivers of their own they go to `alert_settings`, critical ones through its policy.
 */
export function burnRules(slo: Slo, raw: RawSlo, context: BurnContext, report: Report): RuleConfig[] {
  const { receivers, settings } = context;
  const written = receivers.notifications(raw.notifications, within(report, 'notifications'), raw.escalation);
  const named = raw.escalation === undefined ? null : receivers.policy(raw.escalation, within(report, 'escalation'));
  const notifications = raw.notifications === undefined ? settings.email : written.targets;
  const usualPolicy = settings.escalationPolicy?.name ?? null;
  if (slo.burnAlerts.length > 0 && notifications.length === 0 && !(named ?? written.policy ?? usualPolicy)) {
    const message = `the burn alerts of "${slo.name}" tell nobody`;
    report({ code: 'W201', path: ['name'], message, suggestion: 'add notifications, or alert_settings' });
  }
  return slo.burnAlerts.map((pair) => {
    const usual = pair.severity === 'critical' ? usualPolicy : null;
    return {
      ...ruleOf(slo, pair),
      notifications,
      escalation: named ?? written.policy ?? usual,
      runbook: raw.runbook ?? null,
      labels: { slo: slo.name, ...slo.indicator.labels, ...raw.labels },
    };
  });
}

type Own = 'notifications' | 'escalation' | 'runbook' | 'labels';

function ruleOf(slo: Slo, pair: BurnPair): Omit<RuleConfig, Own> {
  const { factor, longMs, shortMs, severity } = pair;
  const name = burnAlertName(slo, pair);
  const { indicator, minBad } = slo;
  const labels = indicator.labels;
  const over = `over the last ${formatDuration(longMs)} and over the last ${formatDuration(shortMs)}`;
  return {
    id: slug(name),
    name,
    condition: {
      ...{ text: `burn_rate{slo="${slo.name}"} > ${factor}`, metric: 'burn_rate', reducer: 'ratio', labels },
      ...{ op: '>', threshold: factor, unit: '', perMs: null },
    },
    metric: null,
    windowMs: longMs,
    severity,
    forMs: 0,
    keepFiringForMs: 0,
    resolve: factor,
    minCount: 0,
    minBad,
    noData: 'nodata',
    by: [],
    evalIntervalMs: EVAL_INTERVAL_MS,
    ackTimeoutMs: severity === 'critical' ? ACK_CRITICAL_MS : ACK_MS,
    annotations: {},
    projects: indicator.projects,
    environments: indicator.environments,
    sentence: `Fires when the error budget of ${slo.name} burns more than ${factor} times as fast as allowed, ${over}.`,
    burn: { slo: slo.name, indicator, budget: budgetOf(slo), factor, longMs, shortMs, minBad },
  };
}
