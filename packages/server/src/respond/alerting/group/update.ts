import type { Episode } from '../episode.ts';
import type { Draft } from './draft.ts';

/** What the sender of an alert says anew. Times in ms since the epoch. */
export interface Update extends Pick<Episode, 'annotations' | 'summary' | 'query' | 'runbook' | 'startedAt'> {
  alertId: string;
  /** Null = it goes on. */
  endedAt: number | null;
}

/** Takes over what is said anew; the next message tells of it. */
export function update(draft: Draft, { alertId, endedAt, ...said }: Update): void {
  const alert = draft.alerts.get(alertId);
  if (!alert) return;
  const isOver = alert.state === 'resolved' && endedAt !== null;
  draft.setAlert({ ...alert, ...said, ...(isOver && { resolvedAt: endedAt }) });
}
