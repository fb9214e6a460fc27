import type { Severity } from '@yumops/protocol';
import type { Integrations } from '../notify/index.ts';
import type { AlertSettings, Channel, EscalationPolicy, EscalationStep, Grouping, Target } from './config.ts';
import { pagingAuthority, resolveStepWord } from './config-receivers.ts';
import type { Plan, PlanStep } from './episode.ts';

const DEFAULT_GROUP_WAIT_MS = 10_000;
/** By which people can be told under rules of their own. */
const PERSONAL_CHANNELS: readonly Channel[] = ['sms', 'phone_call', 'email', 'ntfy'];
/** With nobody on call the receivers of the settings are told. */
const LAST_RESORT: readonly Channel[] = ['sms', 'email'];
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
  integrations: Integrations;
  /** Channels that can send. */
  working: ReadonlySet<string>;
}

/**
 * Fixes who is told when. The first step is the union of the direct receivers and of what the policy tells at once;
 * without a policy the receivers are told again every `repeat_interval`.
 */
export function makePlan(input: PlanInput): Plan {
  const policySteps = (input.policy?.steps ?? []).map((step) => planStep(step, input));
  return {
    policy: input.policy?.name ?? null,
    steps: withReceivers(policySteps, usable(input.receivers, input)),
    repeat: repeatOf(input),
    meta: usable(input.settings.email, input),
    withoutResolved: input.integrations.webhooks
      .filter((hook) => !hook.sendResolved)
      .map((hook) => `webhook/${hook.name}`),
    groupWaitMs: input.grouping.groupWaitMs ?? (input.severity === 'critical' ? 0 : DEFAULT_GROUP_WAIT_MS),
    groupIntervalMs: input.grouping.groupIntervalMs,
    ackTimeoutMs: input.ackTimeoutMs,
    multiAck: input.policy?.multiAck ?? false,
    ...dutyOf(input.policy),
    ...authorityOf(input),
    takesAcks: takersOfAcks(input.integrations),
    endsWait: input.grouping.endsWait ?? false,
  };
}

/** Whose turn counts, where the policy has a schedule or people. */
function dutyOf(policy: EscalationPolicy | null): Pick<Plan, 'duty'> {
  if (!policy || (policy.schedule === null && policy.people.length === 0)) return {};
  return { duty: { schedule: policy.schedule, people: policy.people } };
}

function authorityOf({ receivers, policy }: PlanInput): Pick<Plan, 'authority'> {
  const authority = pagingAuthority(receivers, policy?.name ?? null);
  return authority ? { authority } : {};
}

/** Channels whose receivers keep a state of the alert; an incoming webhook of Slack does not. */
function takersOfAcks({ slack }: Integrations): string[] {
  return ['pagerduty', 'opsgenie', ...(slack?.app ? ['slack'] : [])];
}

/** The receivers that a step's words mean; who is on call is found when the step is sent. */
function planStep({ delayMs, notify, personal = false }: EscalationStep, input: PlanInput): PlanStep {
  const words = { alertSettings: input.settings, integrations: input.integrations };
  const fixed = (word: Channel) => usable(resolveStepWord(word, input.receivers, words), input);
  const turns = notify.filter((word) => isForOnCall(word, fixed(word), input));
  const targets = unique(notify.filter((word) => !turns.includes(word)).flatMap(fixed));
  const { schedule = null, people = [] } = input.policy ?? {};
  if (turns.length === 0 && !personal) return { delayMs, targets };
  const availability = (channel: Channel) => ({ channel, broken: unavailable(channel, input) });
  const otherwise = unique([...turns, ...(personal ? LAST_RESORT : [])].flatMap(fixed));
  return {
    delayMs,
    targets,
    onCall: {
      ...{ schedule, people, channels: turns.map(availability), otherwise },
      ...(personal && { personal: PERSONAL_CHANNELS.map(availability) }),
    },
  };
}

/** SMS and calls of a policy with a schedule or people are theirs; so is e-mail that would lead nowhere else. */
function isForOnCall(word: Channel, fixed: readonly Target[], { policy }: PlanInput): boolean {
  if (!policy || (policy.schedule === null && policy.people.length === 0)) return false;
  return word === 'sms' || word === 'phone_call' || (word === 'email' && fixed.length === 0);
}

function withReceivers(steps: PlanStep[], receivers: readonly Target[]): PlanStep[] {
  const [first, ...rest] = steps;
  if (!first) return [{ delayMs: 0, targets: unique(receivers) }];
  if (first.delayMs === 0) return [{ ...first, targets: unique([...receivers, ...first.targets]) }, ...rest];
  return receivers.length === 0 ? steps : [{ delayMs: 0, targets: unique(receivers) }, ...steps];
}

function repeatOf({ policy, severity, grouping }: PlanInput): Plan['repeat'] {
  if (policy === null) return { everyMs: grouping.repeatIntervalMs, max: null };
  if (policy.repeat !== null) return policy.repeat;
  return severity === 'critical' ? CRITICAL_REPEAT : null;
}

/** The same targets; those whose channel cannot send say so. */
function usable(targets: readonly Target[], input: PlanInput): Target[] {
  return targets.map((target) =>
    target.broken === null ? { ...target, broken: unavailable(target.channel, input) } : target,
  );
}

/** Why nothing can be sent on a channel; null when it works. */
function unavailable(channel: Channel, { working }: PlanInput): string | null {
  return working.has(channel) ? null : `no ${channel} integration is set up`;
}

function unique(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [`${target.channel}/${target.target}`, target])).values()];
}
