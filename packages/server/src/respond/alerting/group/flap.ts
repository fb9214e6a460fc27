import { formatDuration } from '../../../lib/duration.ts';
import type { Episode } from '../episode.ts';
import { calmAt, FLAP_CHANGES, FLAP_DIGEST_MS, FLAP_SPAN_MS, flipsWithin, isFlapping } from '../flapping.ts';
import type { Draft } from './draft.ts';
import { muteOf } from './mute.ts';
import { timerKey } from './state.ts';
import { tell } from './tell.ts';
import { toldOfFiring } from './told.ts';

/** Whether the end of an alert is held back: it flaps, and those who know of it hear of its end when it is calm. */
export function holdsEnd(draft: Draft, alert: Episode): boolean {
  if (alert.flappingSince === null) return false;
  if (isFlapping(alert.flips, draft.now)) return true;
  draft.dropTimers(alert.id, 'flap');
  draft.setAlert({ ...alert, flappingSince: null });
  return false;
}

/**
 * Notes when an alert that fires again begins to flap, and sets the timer of its digests. The escalation that runs is not
 * touched.
 * @returns what those who know of it are told; null = it does not flap, or they were told
 */
export function startsToFlap(draft: Draft, alert: Episode): string | null {
  if (!isFlapping(alert.flips, draft.now) || alert.flappingSince !== null) return null;
  const changes = flipsWithin(alert.flips, FLAP_SPAN_MS, draft.now);
  const every = formatDuration(FLAP_DIGEST_MS);
  const reason = `flapping: fired or ended ${times(changes)} within the last hour; told of every ${every} until it is calm`;
  draft.note(alert.id, 'flapping', reason);
  setTimer(draft, draft.setAlert({ ...alert, flappingSince: draft.now }));
  return reason;
}

/** Tells of flapping alerts what became of them since the last digest; one that is calm is told of as any other. */
export function digestFlaps(draft: Draft): void {
  for (const timer of [...draft.timers.values()]) {
    if (timer.kind !== 'flap' || timer.dueAt > draft.now) continue;
    draft.timers.delete(timerKey(timer));
    const alert = draft.alerts.get(timer.alertId);
    if (!alert || alert.flappingSince === null) continue;
    if (isFlapping(alert.flips, draft.now)) digest(draft, alert);
    else calmDown(draft, alert);
  }
}

function digest(draft: Draft, alert: Episode): void {
  const changes = flipsWithin(alert.flips, FLAP_DIGEST_MS, draft.now);
  const state = alert.state === 'firing' ? 'it fires now' : 'it is quiet now';
  const reason = `flapping for ${formatDuration(draft.now - (alert.flappingSince ?? draft.now))}: fired or ended ${times(changes)} within the last ${formatDuration(FLAP_DIGEST_MS)}; ${state}`;
  draft.note(alert.id, 'flapping', reason);
  say(draft, alert, 'digest', reason);
  setTimer(draft, alert);
}

function calmDown(draft: Draft, flapping: Episode): void {
  const alert = draft.setAlert({ ...flapping, flappingSince: null });
  const reason = `no longer flapping: fired or ended fewer than ${FLAP_CHANGES} times within the last hour`;
  draft.note(alert.id, 'calm', reason);
  if (alert.state === 'resolved') draft.setTimer({ alertId: alert.id, kind: 'resolve', step: 0, dueAt: draft.now });
  else say(draft, alert, 'calm', reason);
}

/** For its receivers a flapping alert goes on until it is calm. Who has acknowledged it is not told again. */
function say(draft: Draft, alert: Episode, tag: string, reason: string): void {
  if (alert.ack || muteOf(draft, alert)) return;
  tell(draft, {
    alerts: [{ alert: { ...alert, state: 'firing', resolvedAt: null }, step: Math.max(0, alert.lastStep) }],
    targets: toldOfFiring(draft, alert.id),
    kind: 'update',
    tag: `${tag}${draft.now}`,
    reason,
    ...(alert.flappingSince !== null && { verb: 'Flapping' }),
  });
}

function setTimer(draft: Draft, alert: Episode): void {
  const dueAt = Math.min(draft.now + FLAP_DIGEST_MS, calmAt(alert.flips, draft.now));
  draft.setTimer({ alertId: alert.id, kind: 'flap', step: 0, dueAt });
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
