import type { AlertingConfig } from './alerting-config.ts';
import type { Channel, RuleConfig, Target } from './config.ts';
import type { AlertSubject, Plan } from './episode.ts';
import { inhibitorsOf, parentInhibitor } from './inhibit/inhibition.ts';
import { makePlan, type PlanInput } from './plan.ts';
import type { MonitorStatus } from './ports.ts';
import type { PushRoute } from './push/config.ts';
import { matchesAll } from './silence/matcher.ts';
import { matchable } from './silence/silence.ts';

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

  /**
   * The plan of an alert that somebody pushed, and which route it took (-1 = none that is written: then it is told as a
   * monitor's would be).
   */
  ofPushed(subject: AlertSubject): { plan: Plan; route: number } {
    const { pushRoutes = [], inhibitRules, policies, alertSettings } = this.#config;
    const labels = matchable(subject);
    const index = pushRoutes.findIndex(({ matchers }) => matchesAll(matchers, labels));
    const route = pushRoutes[index] ?? this.#unrouted();
    const policy =
      route.escalation === null
        ? null
        : (policies.get(route.escalation) ?? (index < 0 ? alertSettings.escalationPolicy : null));
    const { severity } = subject;
    const ackTimeoutMs = severity === 'critical' ? ACK_CRITICAL_MS : ACK_MS;
    const plan = this.#make({ severity, receivers: route.receivers, policy, ackTimeoutMs });
    return {
      plan: { ...plan, batch: policy === null, inhibitors: inhibitorsOf(inhibitRules, subject) },
      route: index,
    };
  }

  #unrouted(): PushRoute {
    const { policies, alertSettings } = this.#config;
    const hasPolicy = policies.has(DEFAULT_POLICY) || alertSettings.escalationPolicy !== null;
    return {
      matchers: [],
      receivers: hasPolicy ? [] : alertSettings.email,
      escalation: hasPolicy ? DEFAULT_POLICY : null,
    };
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
