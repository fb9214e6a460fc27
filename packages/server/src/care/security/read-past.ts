import { messageOf } from '../../lib/errors.ts';
import { type EventRow, readEvent, type SecurityEvent } from './event.ts';
import { eventsIn } from './feed.ts';
import type { SecurityOptions } from './ports.ts';

const DAY_MS = 86_400_000;
/** The newest events that are seen again after a start. */
export const MOST_EVENTS = 100_000;

/** By id. */
type Past = Map<string, SecurityEvent>;

/**
 * The events of the last day, each once: those that wait to be stored, and the sign-ins of the store.
 * @returns also whether all could be read; what could not is left out and told
 */
export async function readPast(
  options: Pick<SecurityOptions, 'telemetry' | 'showWaitingRows' | 'clock' | 'log'>,
): Promise<{ waiting: readonly SecurityEvent[]; stored: readonly SecurityEvent[]; whole: boolean }> {
  const { log } = options;
  const since = options.clock.now() - DAY_MS;
  let whole = true;
  const leaveOut = (what: string) => (error: unknown) => {
    whole = false;
    log.warn(`${what} could not be read; what they count towards begins without them`, { reason: messageOf(error) });
    return [];
  };
  // What is stored in between is found twice, under one id. The other way round it would be found nowhere.
  const waiting = await readWaiting(options, since).catch(leaveOut('the security events that wait to be stored'));
  const stored = await readStored(options, since).catch(leaveOut('the stored security events of the last day'));
  return { waiting, stored, whole };
}

/** The newest events, the oldest of them first, each once. */
export function newest(events: Iterable<SecurityEvent>): SecurityEvent[] {
  const once: Past = new Map();
  for (const event of events) once.set(event.id, event);
  return [...once.values()].sort((a, b) => a.at - b.at).slice(-MOST_EVENTS);
}

/** What this instance took and has perhaps not stored. @param since ms since the epoch; older ones are left out */
export async function readWaiting(
  { showWaitingRows }: Pick<SecurityOptions, 'showWaitingRows'>,
  since: number,
): Promise<SecurityEvent[]> {
  let waiting: SecurityEvent[] = [];
  await showWaitingRows((rows, security) => {
    for (const event of eventsIn(rows, security)) if (event.at >= since) waiting.push(event);
    if (waiting.length >= 2 * MOST_EVENTS) waiting = newest(waiting);
  });
  return newest(waiting);
}

async function readStored({ telemetry }: Pick<SecurityOptions, 'telemetry'>, since: number): Promise<SecurityEvent[]> {
  const rows = await telemetry.query<EventRow>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS timestamp, id, project, event, ip, userId, attributes
     FROM security_event_rows
     WHERE timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
     ORDER BY timestamp DESC LIMIT {most:UInt32}`,
    { since, most: MOST_EVENTS },
  );
  return rows.map((row) => readEvent(row)).filter((event) => event !== null);
}
