import type { Severity } from '@yumops/protocol';
import type { AlertSettings, Channel, EscalationPolicy, Grouping, Target } from './config.ts';
import type { Plan, PlanStep } from './episode.ts';

const DEFAULT_GROUP_WAIT_MS = 10_000;
const CRITICAL_REPEAT = { everyMs: 900_000, max: 3 };

/** What decides who is told of an alert and when. */
export interface PlanInput {
  severity: Severity;
  /** Direct receivers of the rule or monitor. */
  receivers: readonly Target[];
  policy: EscalationPolicy | null;
  settings: AlertSettings;
  grouping: Grouping;
  ackTimeoutMs: number;
  /** Slack channel for steps that say `slack` when the rule names none; null = there is none. */
  defaultSlack: string | null;
  /** Channels that can send. */
  working: ReadonlySet<string>;
  /** Targets (`channel/target`) that want no word of the end. */
  withoutResolved: readonly string[];
}

/**
 * Fixes who is told when. The first step is the union of the direct receivers and of what the policy tells at once;
 * without a policy the receivers are told again every `repeat_interval`.
 */
export function makePlan(input: PlanInput): Plan {
  const policySteps = (input.policy?.steps ?? []).map((step) => ({
    delayMs: step.delayMs,
    targets: unique(step.notify.flatMap((word) => targetsOf(word, input))),
  }));
  return {
    policy: input.policy?.name ?? null,
    steps: withReceivers(policySteps, usable(input.receivers, input)),
    repeat: repeatOf(input),
    meta: usable(input.settings.email, input),
    withoutResolved: input.withoutResolved,
    groupWaitMs: input.grouping.groupWaitMs ?? (input.severity === 'critical' ? 0 : DEFAULT_GROUP_WAIT_MS),
    groupIntervalMs: input.grouping.groupIntervalMs,
    ackTimeoutMs: input.ackTimeoutMs,
  };
}

function withReceivers(steps: PlanStep[], receivers: readonly Target[]): PlanStep[] {
  const [first, ...rest] = steps;
  if (!first) return [{ delayMs: 0, targets: unique(receivers) }];
  if (first.delayMs === 0) return [{ delayMs: 0, targets: unique([...receivers, ...first.targets]) }, ...rest];
  return receivers.length === 0 ? steps : [{ delayMs: 0, targets: unique(receivers) }, ...steps];
}

function repeatOf({ policy, severity, grouping }: PlanInput): Plan['repeat'] {
  if (policy === null) return { everyMs: grouping.repeatIntervalMs, max: null };
  if (policy.repeat !== null) return policy.repeat;
  return severity === 'critical' ? CRITICAL_REPEAT : null;
}

/** Whom a word of a step means. */
function targetsOf(word: Channel, input: PlanInput): Target[] {
  const own = input.receivers.filter((target) => target.channel === word);
  return usable(own.length > 0 ? own : defaultsOf(word, input), input);
}

function defaultsOf(word: Channel, { settings, defaultSlack }: PlanInput): readonly Target[] {
  switch (word) {
    case 'email':
      return settings.email;
    case 'slack':
      return [{ channel: 'slack', target: defaultSlack ?? 'default channel', broken: null }];
    case 'sms':
    case 'phone_call':
      return settings.sms.map((target) => ({ ...target, channel: word }));
    default:
      return [];
  }
}

/** The same targets; those whose channel cannot send say so. `pagerduty` alone may stand for a policy. */
function usable(targets: readonly Target[], input: PlanInput): Target[] {
  return targets.map((target) =>
    target.broken !== null || input.working.has(target.channel)
      ? target
      : { ...target, broken: `no ${target.channel} integration is set up` },
  );
}

function unique(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [`${target.channel}/${target.target}`, target])).values()];
}
