import type { MonitorState, Outage } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { OWN_EVENTS } from './history/own-history.ts';

/** A stored change of state. */
export interface StoredEvent {
  at: Date;
  to_state: MonitorState;
  reason: string | null;
}

/** How far back a monitor's outages are read. */
const EVENTS_READ = 500;

/** The newest outages of a monitor, newest first; the first has no end while it lasts. */
export async function readOutages(db: Queryable, monitorId: string): Promise<Outage[]> {
  const events = await db.query<StoredEvent>(
    `SELECT at, to_state, reason FROM monitor_events e WHERE monitor_id = $1 AND ${OWN_EVENTS}
     ORDER BY at DESC, id DESC LIMIT ${EVENTS_READ}`,
    [monitorId],
  );
  return outagesOf(events);
}

/**
 * Pairs the beginning of each outage with its end. A time in which the prober could not look (`unknown`,
 * `network-down`) between two times of being down belongs to the outage.
 * @param events newest first
 */
export function outagesOf(events: readonly StoredEvent[]): Outage[] {
  const outages: Outage[] = [];
  let open: Outage | undefined;
  for (const { at, to_state, reason } of [...events].reverse()) {
    if (to_state === 'down') {
      open ??= { startedAt: at.toISOString(), endedAt: null, reason: reason ?? '' };
    } else if (open && to_state !== 'unknown' && to_state !== 'network-down') {
      outages.push({ ...open, endedAt: at.toISOString() });
      open = undefined;
    }
  }
  if (open) outages.push(open);
  return outages.reverse();
}
