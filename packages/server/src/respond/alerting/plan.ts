import type { Severity } from '@yumops/protocol';
import type { Integrations } from '../notify/index.ts';
import type { AlertSettings, EscalationPolicy, Grouping, Target } from './config.ts';
import { resolveStepWord } from './config-receivers.ts';
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
  integrations: Integrations;
  /** Channels that can send. */
  working: ReadonlySet<string>;
}

/**
 * Fixes who is told when. The first step is the union of the direct receivers and of what the policy tells at once;
 * without a policy the receivers are told again every `repeat_interval`.
 */
export function makePlan(input: PlanInput): Plan {
  const words = { alertSettings: input.settings, integrations: input.integrations };
  const policySteps = (input.policy?.steps ?? []).map((step) => ({
    delayMs: step.delayMs,
    targets: unique(
      usable(
        step.notify.flatMap((word) => resolveStepWord(word, input.receivers, words)),
        input,
      ),
    ),
  }));
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

/** The same targets; those whose channel cannot send say so. */
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
