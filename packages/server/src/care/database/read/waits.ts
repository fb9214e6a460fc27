import type { WaitingStatement, WaitLoad, WaitPoint, Waits } from '@yumops/protocol';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { Span } from './history.ts';
import { type Steps, startsOf, stepsOf } from './span-steps.ts';

const MOST_EVENTS = 50;
/** Statements that are shown for each event. */
const STATEMENTS = 3;

const WHERE = `database = {database:String} AND timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
  AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;

interface EventRow extends Omit<WaitLoad, 'statements' | 'sessions' | 'share'> {
  statements: [id: string, query: string, seconds: number][];
}

/** What the sessions of a database waited for in a span, by event and over time. */
export async function readWaits(telemetry: TelemetryStore, database: string, { from, to }: Span): Promise<Waits> {
  const steps = stepsOf({ from, to });
  const [events, found] = await Promise.all([
    telemetry.query<EventRow>(
      `SELECT type, event, sum(spent) AS seconds,
              arraySlice(arrayReverseSort(s -> s.3, groupArray((id, text, spent))), 1, ${STATEMENTS}) AS statements
       FROM (
         SELECT waitType AS type, waitEvent AS event, queryId AS id, any(query) AS text, sum(seconds) AS spent
         FROM database_waits WHERE ${WHERE} GROUP BY type, event, id
       )
       GROUP BY type, event ORDER BY seconds DESC LIMIT ${MOST_EVENTS}`,
      { database, from, to },
    ),
    telemetry.query<{ at: number; type: string; spent: number }>(
      `SELECT intDiv(toUnixTimestamp64Milli(timestamp), {step:Int64}) * {step:Int64} AS at, waitType AS type,
              sum(seconds) AS spent
       FROM database_waits WHERE ${WHERE} GROUP BY at, type ORDER BY at`,
      { database, from: steps.first, to, step: steps.step },
    ),
  ]);
  const all = events.reduce((sum, { seconds }) => sum + seconds, 0);
  const length = (to - from) / 1_000;
  return {
    items: events.map(({ type, event, seconds, statements }) => ({
      type,
      event,
      seconds,
      sessions: seconds / length,
      share: all === 0 ? 0 : seconds / all,
      statements: statements.map(([id, query, spent]): WaitingStatement => ({ id, query, seconds: spent })),
    })),
    points: pointsOf(found, steps),
  };
}

/** Average sessions by type, step by step; a step in which nobody was at work is empty. */
function pointsOf(rows: readonly { at: number; type: string; spent: number }[], steps: Steps): WaitPoint[] {
  return startsOf(steps).map((at) => {
    const own = rows.filter((row) => row.at === at);
    return { at, sessions: Object.fromEntries(own.map(({ type, spent }) => [type, (spent * 1_000) / steps.step])) };
  });
}
