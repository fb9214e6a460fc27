import type { Severity } from '@yumops/protocol';
import type { Plan } from '../episode.ts';
import type { Draft } from './draft.ts';
import { scheduleSteps } from './fire.ts';

const RANK: Record<Severity, number> = { info: 0, warning: 1, critical: 2 };

/** A firing alert weighs more than when it began. */
export interface Raise {
  alertId: string;
  severity: Severity;
  /** Who is told from now on. */
  plan: Plan;
}

/** Whether the second severity weighs more than the first. */
export function isRaised(from: Severity, to: Severity): boolean {
  return RANK[to] > RANK[from];
}

/**
 * The escalation begins anew at the first step of the new plan, under keys of its own; the episode stays. An
 * acknowledgement was of the lower severity and ends.
 */
export function raise(draft: Draft, { alertId, severity, plan }: Raise): void {
  const before = draft.alerts.get(alertId);
  if (before?.state !== 'firing' || !isRaised(before.severity, severity)) return;
  const begun = { raises: before.raises + 1, firedAt: draft.now, lastStep: -1, repeats: 0, ack: null };
  const alert = draft.setAlert({ ...before, ...begun, severity, plan });
  draft.note(alertId, 'severity_raised', `raised from ${before.severity} to ${severity}; the escalation begins anew`);
  if (draft.isBatch) return;
  draft.dropTimers(alertId, 'step', 'repeat', 'ack', 'muted', 'paging', 'personal');
  scheduleSteps(draft, alert);
}
