import type { AlertingConfig } from './alerting-config.ts';
import type { Channel, RuleConfig, Target } from './config.ts';
import type { AlertSubject, Plan } from './episode.ts';
import { inhibitorsOf, parentInhibitor } from './inhibit/inhibition.ts';
import { makePlan, type PlanInput } from './plan.ts';
import type { MonitorStatus } from './ports.ts';

const ACK_CRITICAL_MS = 1_800_000;
const ACK_MS = 14_400_000;
const DEFAULT_POLICY = 'default';

/** Makes the plans of alerts from one version of the configuration. */
export class Plans {
  readonly #config: AlertingConfig;
  readonly #working: ReadonlySet<string>;

  /** @param working channels that can send */
  constructor(config: AlertingConfig, working: ReadonlySet<string>) {
    this.#config = config;
    this.#working = working;
  }

  /** @param subject what the alert says, for what may mute it */
  ofRule(rule: RuleConfig, subject: AlertSubject): Plan {
    const plan = this.#make({
      severity: rule.severity,
      receivers: rule.notifications,
      policy: rule.escalation === null ? null : (this.#config.policies.get(rule.escalation) ?? null),
      ackTimeoutMs: rule.ackTimeoutMs,
    });
    return { ...plan, inhibitors: inhibitorsOf(this.#config.inhibitRules, subject) };
  }

  ofMonitor(monitor: MonitorStatus, subject: AlertSubject): Plan {
    const name = monitor.escalation ?? DEFAULT_POLICY;
    const receivers = (monitor.notifications ?? []).map(
      ({ channel, target, broken }): Target => ({ channel: channel as Channel, target, broken: broken ?? null }),
    );
    const plan = this.#make({
      severity: monitor.severity,
      receivers,
      policy:
        this.#config.policies.get(name) ??
        (name === DEFAULT_POLICY ? this.#config.alertSettings.escalationPolicy : null),
      ackTimeoutMs: monitor.severity === 'critical' ? ACK_CRITICAL_MS : ACK_MS,
    });
    const parents = monitor.parent ? [parentInhibitor(monitor.parent)] : [];
    return { ...plan, inhibitors: [...parents, ...inhibitorsOf(this.#config.inhibitRules, subject)] };
  }

  /** The platform's own messages go to its own receivers, once. */
  ofMeta(): Plan {
    const { email } = this.#config.alertSettings;
    return this.#make({ severity: 'info', receivers: email, policy: null, ackTimeoutMs: ACK_MS });
  }

  #make(own: Pick<PlanInput, 'severity' | 'receivers' | 'policy' | 'ackTimeoutMs'>): Plan {
    const { alertSettings, grouping, integrations } = this.#config;
    return makePlan({
      ...own,
      settings: alertSettings,
      grouping,
      integrations,
      working: this.#working,
    });
  }
}
