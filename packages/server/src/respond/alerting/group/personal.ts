import { formatDuration } from '../../../lib/duration.ts';
import { type PersonalRule, ruleText } from '../../oncall/index.ts';
import type { Target } from '../config.ts';
import type { Episode, OnCallStep } from '../episode.ts';
import type { Draft } from './draft.ts';
import type { Timer, TimerKind } from './state.ts';

const PREFIX = 'personal:';
/** Steps and rules share the number of a timer. */
const RULES_A_STEP = 100;

/** The kind of the timers of a person's own rules. */
export function personalKind(person: string): TimerKind {
  return `${PREFIX}${person}`;
}

/** Whose rule a timer is; null for every other timer. */
export function personOf({ kind }: Pick<Timer, 'kind'>): string | null {
  return kind.startsWith(PREFIX) ? kind.slice(PREFIX.length) : null;
}

/** The step to which a timer of a rule belongs. */
export function stepOfRule({ step }: Pick<Timer, 'step'>): number {
  return Math.floor(step / RULES_A_STEP);
}

/** Whom the rules of people tell at once when a step reaches them. */
export function toldAtOnce(draft: Draft, alert: Episode, onCall: OnCallStep): Target[] {
  if (!onCall.personal) return [];
  return draft.facts.onCall(onCall).people.flatMap((person) => {
    const rules = rulesOf(draft, alert, person);
    if (rules.length === 0) {
      // Written as a message that cannot leave, so that the fallback is told.
      return [{ channel: 'email' as const, target: person, broken: `${person} has no way that works`, person }];
    }
    return rules.filter(({ afterMs }) => afterMs === 0).flatMap((rule) => byRule(draft, onCall, person, rule));
  });
}

/** Sets the timers of the rules that come later. Those of a person who has acknowledged do not. */
export function startRules(draft: Draft, alert: Episode, index: number): void {
  const onCall = alert.plan.steps[index]?.onCall;
  if (!onCall?.personal) return;
  for (const person of draft.facts.onCall(onCall).people) {
    if (alert.ack && [alert.ack.by, ...(alert.ack.also ?? [])].includes(person)) continue;
    rulesOf(draft, alert, person).forEach(({ afterMs }, rule) => {
      if (afterMs === 0) return;
      const step = index * RULES_A_STEP + rule;
      draft.setTimer({ alertId: alert.id, kind: personalKind(person), step, dueAt: draft.now + afterMs });
    });
  }
}

/** What a rule whose time has come tells, and under which tag; none when the rule is gone. */
export function toldByRule(
  draft: Draft,
  alert: Episode,
  timer: Timer,
): { step: number; targets: Target[]; tag: string; person: string } | null {
  const person = personOf(timer);
  const step = stepOfRule(timer);
  const onCall = alert.plan.steps[step]?.onCall;
  const rule = person === null ? undefined : rulesOf(draft, alert, person)[timer.step % RULES_A_STEP];
  if (person === null || !onCall || !rule) return null;
  // The start of the round stands in the key: a repeat of the step runs through the same rules again.
  const tag = `rule${timer.step % RULES_A_STEP}-${Math.round((timer.dueAt - rule.afterMs) / 1_000)}`;
  return { step, targets: byRule(draft, onCall, person, rule), tag, person };
}

function rulesOf(draft: Draft, alert: Episode, person: string): readonly PersonalRule[] {
  const { rules } = draft.facts.onCall({ schedule: null, people: [person] });
  return rules?.[person]?.[alert.severity === 'critical' ? 'high' : 'low'] ?? [];
}

function byRule(draft: Draft, onCall: OnCallStep, person: string, rule: PersonalRule): Target[] {
  const { targets } = draft.facts.onCall({ schedule: null, people: [person] });
  const { channel } = rule;
  const text = ruleText(rule, formatDuration);
  const own = targets.filter((target) => target.person === person && target.channel === channel);
  if (own.length === 0) return [{ channel, target: person, broken: `${person} has none`, person, rule: text }];
  const unavailable = onCall.personal?.find((one) => one.channel === channel)?.broken ?? null;
  return own.map(({ target, broken }) => ({ channel, target, broken: broken ?? unavailable, person, rule: text }));
}
