import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import type { Ingest } from './ingest.ts';

/** How long one line is the sign that a service writes lines of its requests, milliseconds. */
const REMEMBERED = 86_400_000;
/** How often other instances' knowledge is read, milliseconds. */
const EVERY = 60_000;
const MOST_SERVICES = 10_000;

/** A service of a project, as a key. */
export function serviceKey(project: string, service: string): string {
  return `${project}\n${service}`;
}

/** Which services write a line for each request, so that their spans are not counted as further requests. */
export class RequestLines {
  readonly #seen = new Map<string, number>();

  /** @param now milliseconds since the epoch */
  note(key: string, now: number): void {
    if (this.#seen.size >= MOST_SERVICES && !this.#seen.has(key)) this.#seen.clear();
    this.#seen.set(key, now);
  }

  has(key: string, now: number): boolean {
    const at = this.#seen.get(key);
    return at !== undefined && now - at < REMEMBERED;
  }
}

/**
 * Tells the intake which services have written lines of requests within the last day, now and every minute: after a
 * start it has seen none, and another instance may have seen more.
 * @returns stops it
 */
export async function followRequestLines(context: {
  telemetry: Pick<TelemetryStore, 'query'>;
  ingest: Pick<Ingest, 'noteRequestLines'>;
  clock: Clock;
  log: Log;
}): Promise<() => void> {
  const { telemetry, ingest, clock, log } = context;
  let stopped = false;
  const read = async (): Promise<void> => {
    try {
      const rows = await telemetry.query<{ project: string; service: string }>(
        `SELECT DISTINCT project, service FROM request_rows
         WHERE source = 'line' AND timestamp > fromUnixTimestamp64Milli({since:Int64}) LIMIT ${MOST_SERVICES}`,
        { since: clock.now() - REMEMBERED },
      );
      ingest.noteRequestLines(rows.map(({ project, service }) => serviceKey(project, service)));
    } catch (error) {
      log.warn('It could not be read which services write lines of their requests; it is tried again.', {
        reason: messageOf(error),
      });
    }
    if (!stopped) clock.after(EVERY, () => void read());
  };
  await read();
  return () => {
    stopped = true;
  };
}
