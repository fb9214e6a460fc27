import type { ConfigPath, Placed, Report } from '../../lib/finding.ts';
import type { AlertSettings, Channel, EscalationPolicy, RuleConfig, Senders, Target } from './config.ts';
import { resolveStepWord } from './config-receivers.ts';

/** Something that is told through a policy: a rule or a monitor. */
export interface PolicyUser {
  policy: string;
  direct: readonly Target[];
  name: string;
}

/** A policy and where it stands; `named` is false for the one of `alert_settings`. */
export interface PlacedPolicy {
  policy: EscalationPolicy;
  report: Report;
  /** Where it first names each channel. */
  mentions: ReadonlyMap<Channel, ConfigPath>;
  named: boolean;
}

/** Rules with the same key look at the same thing and are equally urgent; only their thresholds may differ. */
function overlapKey(rule: RuleConfig): string {
  const { metric, reducer, op, labels } = rule.condition;
  const sets = [Object.entries(labels).map(String), rule.by, rule.projects, rule.environments];
  return JSON.stringify([metric, reducer, op[0], rule.severity, rule.windowMs, ...sets.map((set) => [...set].sort())]);
}

/** Reports W208 for rules that fire for the same thing with the same urgency. */
export function lintOverlaps(rules: readonly Placed<RuleConfig>[]): void {
  const seen = new Map<string, RuleConfig>();
  for (const { value: rule, report } of rules) {
    const key = overlapKey(rule);
    const twin = seen.get(key);
    if (!twin) {
      seen.set(key, rule);
      continue;
    }
    const same = twin.condition.threshold === rule.condition.threshold;
    report({
      code: 'W208',
      path: ['condition'],
      message: `"${rule.name}" ${same ? 'is the same as' : 'overlaps'} "${twin.name}"`,
      suggestion: same ? 'remove one of them' : 'give one of them another severity',
    });
  }
}

/** Reports W202 and W203: policies that end without a repeat, and those that nothing refers to. */
export function lintPolicies(policies: readonly PlacedPolicy[], users: readonly PolicyUser[]): void {
  for (const { policy, report, named } of policies) {
    if (!named) continue;
    if (policy.repeat === null) {
      report({
        code: 'W202',
        path: [],
        atKey: true,
        message: `policy "${policy.name}" ends without a repeat; only critical alerts repeat its last step`,
        suggestion: 'write steps: and repeat: {every: 15m, max: 3}',
      });
    }
    if (!users.some((user) => user.policy === policy.name)) {
      report({
        code: 'W203',
        path: [],
        atKey: true,
        message: `nothing refers to policy "${policy.name}"`,
        suggestion: `write escalation: ${policy.name} in a rule, or remove it`,
      });
    }
  }
}

/** What the words of steps are resolved with. */
interface StepContext {
  alertSettings: Pick<AlertSettings, 'email' | 'sms'>;
  integrations: Senders;
  /** Whether anybody who can be on call for the policy is reached on the channel. */
  reachesOnCall(policy: EscalationPolicy, word: Channel): boolean;
}

/** Reports E203: a step's word that leads nowhere for something that uses the policy. */
export function lintStepTargets(
  policies: readonly PlacedPolicy[],
  users: readonly PolicyUser[],
  config: StepContext,
): void {
  for (const { policy, report, mentions } of policies) {
    for (const [word, path] of mentions) {
      if (config.reachesOnCall(policy, word)) continue;
      const user = users.find(
        (one) => one.policy === policy.name && resolveStepWord(word, one.direct, config).length === 0,
      );
      if (!user) continue;
      report({
        code: 'E203',
        path,
        message: `policy "${policy.name}" notifies ${word}, which leads nowhere for "${user.name}"`,
        suggestion: STEP_HINTS[word] ?? `add - ${word}: to its notifications`,
      });
    }
  }
}

const STEP_HINTS: Partial<Record<string, string>> = {
  slack: 'add integrations.slack with a channel',
  email: 'add alert_settings.email_notifications',
  sms: 'add alert_settings.sms_notifications',
  phone_call: 'add alert_settings.sms_notifications',
  webhook: 'add integrations.webhook',
};
