import { messageOf } from '../../lib/errors.ts';
import { type EventRow, readEvent, type SecurityEvent } from './event.ts';
import { eventsIn } from './feed.ts';
import type { SecurityOptions } from './ports.ts';

const DAY_MS = 86_400_000;
/** The newest events that are seen again after a start. */
const MOST_EVENTS = 100_000;

type Past = Map<string, SecurityEvent>;

/**
 * The events of the last day, oldest first, each once: those that wait to be stored, and the sign-ins of the store. What
 * cannot be read is left out and told.
 */
export async function readPast(
  options: Pick<SecurityOptions, 'telemetry' | 'showWaitingRows' | 'clock' | 'log'>,
): Promise<SecurityEvent[]> {
  const { log } = options;
  const since = options.clock.now() - DAY_MS;
  const past: Past = new Map();
  const leaveOut = (what: string) => (error: unknown) =>
    log.warn(`${what} could not be read; what they count towards begins without them`, { reason: messageOf(error) });
  // What is stored in between is found twice, under one id. The other way round it would be found nowhere.
  await readWaiting(options, since, past).catch(leaveOut('the security events that wait to be stored'));
  await readStored(options, since, past).catch(leaveOut('the stored security events of the last day'));
  return newest(past).map(([, event]) => event);
}

async function readWaiting(
  { showWaitingRows }: Pick<SecurityOptions, 'showWaitingRows'>,
  since: number,
  past: Past,
): Promise<void> {
  await showWaitingRows((rows, security) => {
    for (const { id, event } of eventsIn(rows, security)) if (event.at >= since) past.set(id, event);
    if (past.size < 2 * MOST_EVENTS) return;
    const kept = newest(past);
    past.clear();
    for (const [id, event] of kept) past.set(id, event);
  });
}

async function readStored({ telemetry }: Pick<SecurityOptions, 'telemetry'>, since: number, past: Past): Promise<void> {
  const rows = await telemetry.query<EventRow>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS timestamp, id, project, event, ip, userId, attributes
     FROM security_event_rows
     WHERE timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
     ORDER BY timestamp DESC LIMIT {most:UInt32}`,
    { since, most: MOST_EVENTS },
  );
  for (const row of rows) {
    const event = readEvent(row);
    if (event !== null) past.set(String(row['id']), event);
  }
}

/** The newest events, the oldest of them first. */
function newest(past: Past): [string, SecurityEvent][] {
  return [...past].sort(([, a], [, b]) => a.at - b.at).slice(-MOST_EVENTS);
}
