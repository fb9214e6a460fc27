import type { Episode } from '../episode.ts';
import type { Draft } from './draft.ts';
import { nextTick } from './tick.ts';

/** Sets the timers of the steps from `next` on, which is due at `at`; the later ones keep their distance from it. */
export function scheduleFrom(draft: Draft, alert: Episode, next: number, at: number): void {
  const passed = alert.plan.steps[next]?.delayMs ?? 0;
  alert.plan.steps.forEach(({ delayMs }, step) => {
    if (step < next || step <= alert.lastStep) return;
    draft.setTimer({ alertId: alert.id, kind: 'step', step, dueAt: at + delayMs - passed });
  });
}

/** Sets the timer that repeats the last step. Receivers without a policy are told on their group's grid. */
export function scheduleRepeat(draft: Draft, alert: Episode): void {
  const { repeat, policy, groupIntervalMs } = alert.plan;
  if (!repeat) return;
  const due = draft.now + repeat.everyMs;
  const dueAt = policy === null && draft.anchorAt !== null ? nextTick(draft.anchorAt, groupIntervalMs, due) : due;
  draft.setTimer({ alertId: alert.id, kind: 'repeat', step: alert.lastStep, dueAt });
}
