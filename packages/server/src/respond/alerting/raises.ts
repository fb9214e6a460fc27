import type { RuleConfig } from './config.ts';
import type { Episode } from './episode.ts';
import { type ChangeDeps, changeGroup } from './group/change.ts';
import { isRaised, type Raise } from './group/raise.ts';
import { MONITOR_RULE_ID } from './monitor-alerts.ts';
import type { Plans } from './plans.ts';
import type { Lease, MonitorStatus } from './ports.ts';

/** The configuration by which alerts would begin now. */
export interface Severities {
  rules: ReadonlyMap<string, RuleConfig>;
  monitors: readonly MonitorStatus[];
  plans: Plans;
}

/**
 * Begins anew the escalation of what fires with less severity than its rule or monitor has since the configuration was
 * changed. A lower severity is for the next episode.
 * @throws YumOpsError `lease_lost`
 */
export async function raiseSeverities(deps: ChangeDeps, lease: Lease, by: Severities, now: number): Promise<void> {
  for (const alert of await deps.store.firingAlerts()) {
    const raised = raiseOf(alert, by);
    if (!raised) continue;
    const { groupKey } = alert;
    await changeGroup(deps, { groupKey, lease, inputs: [{ type: 'raised', ...raised }], now: () => now });
  }
}

function raiseOf(alert: Episode, { rules, monitors, plans }: Severities): Raise | undefined {
  if (alert.origin === 'rule') {
    const rule = rules.get(alert.ruleId);
    if (!rule || !isRaised(alert.severity, rule.severity)) return undefined;
    const { severity } = rule;
    return { alertId: alert.id, severity, plan: plans.ofRule(rule, { ...alert, severity }) };
  }
  if (alert.ruleId !== MONITOR_RULE_ID) return undefined;
  const monitor = monitors.find(({ name }) => name === alert.labels['monitor']);
  if (!monitor || !isRaised(alert.severity, monitor.severity)) return undefined;
  const { severity } = monitor;
  return { alertId: alert.id, severity, plan: plans.ofMonitor(monitor, { ...alert, severity }) };
}
