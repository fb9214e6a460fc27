import type { Target } from '../config.ts';
import type { Episode, PlanStep } from '../episode.ts';
import type { Draft } from './draft.ts';
import { toldAtOnce } from './personal.ts';

/** Who a step reaches at this instant. */
export interface Reach {
  targets: readonly Target[];
  /** Why nobody is on call although the step is for somebody who is; null when somebody is. */
  problem: string | null;
}

/**
 * The receivers of a step now: those that are fixed, and whoever is on call. With nobody on call at the last step the
 * numbers of the settings are told. Nobody at all = the platform's own receivers.
 */
export function reachOf(draft: Draft, alert: Episode, index: number): Reach {
  const step = alert.plan.steps[index];
  const { targets: turn, problem } = step ? onCallTargets(draft, alert, step) : { targets: [], problem: null };
  const isLast = index === alert.plan.steps.length - 1;
  const standIns = problem !== null && isLast ? (step?.onCall?.otherwise ?? []) : [];
  const targets = [...(step?.targets ?? []), ...turn, ...standIns];
  const waits = step?.onCall?.personal !== undefined && problem === null;
  return { targets: targets.length > 0 || waits ? targets : alert.plan.meta, problem };
}

function onCallTargets(draft: Draft, alert: Episode, { onCall }: PlanStep): Reach {
  if (!onCall) return { targets: [], problem: null };
  const { people, targets, problem } = draft.facts.onCall(onCall);
  if (problem !== null) return { targets: [], problem };
  const reached = onCall.channels.flatMap(({ channel, broken }) =>
    people.flatMap((person): Target[] => {
      const own = targets.filter((target) => target.person === person && target.channel === channel);
      // Written as a message that cannot leave, so that the fallback is told.
      if (own.length === 0) return [{ channel, target: person, broken: `${person} has none`, person }];
      return own.map((target) => ({ channel, target: target.target, broken: target.broken ?? broken, person }));
    }),
  );
  return { targets: [...toldAtOnce(draft, alert, onCall), ...reached], problem: null };
}
