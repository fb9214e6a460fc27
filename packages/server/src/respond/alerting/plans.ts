import type { AlertingConfig } from './alerting-config.ts';
import type { Channel, RuleConfig, Target } from './config.ts';
import type { Plan } from './episode.ts';
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

  ofRule(rule: RuleConfig): Plan {
    return this.#make({
      severity: rule.severity,
      receivers: rule.notifications,
      policy: rule.escalation === null ? null : (this.#config.policies.get(rule.escalation) ?? null),
      ackTimeoutMs: rule.ackTimeoutMs,
    });
  }

  ofMonitor(monitor: MonitorStatus): Plan {
    const name = monitor.escalation ?? DEFAULT_POLICY;
    const receivers = (monitor.notifications ?? []).map(
      ({ channel, target, broken }): Target => ({ channel: channel as Channel, target, broken: broken ?? null }),
    );
    return this.#make({
      severity: monitor.severity,
      receivers,
      policy:
        this.#config.policies.get(name) ??
        (name === DEFAULT_POLICY ? this.#config.alertSettings.escalationPolicy : null),
      ackTimeoutMs: monitor.severity === 'critical' ? ACK_CRITICAL_MS : ACK_MS,
    });
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
