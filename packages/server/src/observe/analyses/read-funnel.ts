import type { FunnelAnalysis } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { type AnalysisSelection, emptySeries, stepsOf, told } from './steps.ts';

export interface FunnelSelection extends AnalysisSelection {
  /** Names of business events in the order in which people do them; at least one. */
  events: readonly string[];
  /** Longest time from the first step to the last, milliseconds. */
  withinMs: number;
}

interface PersonRow {
  step: number;
  reached: number;
  people: number;
}

/**
 * How many people went how far through business events, by the time of their first step. Somebody counts for a step
 * who did all steps before it first, in order, within the time allowed.
 */
export async function readFunnel(
  store: Pick<TelemetryStore, 'query'>,
  selection: FunnelSelection,
): Promise<FunnelAnalysis> {
  const grid = stepsOf(selection);
  const service = selection.service === undefined ? '' : ' AND service = {service:String}';
  const where = `event IN {events:Array(String)} AND timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND timestamp < fromUnixTimestamp64Milli({to:Int64})${service}`;
  const params = {
    events: [...selection.events],
    from: grid.from,
    to: grid.from + grid.steps * grid.stepMs,
    width: grid.stepMs,
    ...(selection.service === undefined ? {} : { service: selection.service }),
    ...Object.fromEntries(selection.events.map((event, index) => [`event${index}`, event])),
  };
  const conditions = selection.events.map((_, index) => `event = {event${index}:String}`).join(', ');
  const walked = store.query<PersonRow>(
    `SELECT step, reached, count() AS people FROM (
       SELECT intDiv(toUnixTimestamp64Milli(minIf(timestamp, event = {event0:String})) - {from:Int64}, {width:Int64}) AS step,
         windowFunnel(${Math.ceil(selection.withinMs)})(toUInt64(toUnixTimestamp64Milli(timestamp)), ${conditions}) AS reached
       FROM (${eventsOf(where)}) WHERE userId != '' GROUP BY cityHash64(userId) HAVING reached > 0)
     GROUP BY step, reached`,
    params,
    { maxSeconds: 20 },
  );
  const counted = store.query<{ event: string; events: number }>(
    `SELECT event, count() AS events FROM (${eventsOf(where)}) GROUP BY event`,
    params,
    { maxSeconds: 20 },
  );
  // The rows of nobody stand together, at the beginning.
  const ofNobody = store.query<{ events: number }>(
    `SELECT count() AS events FROM business_event_rows WHERE userId = '' AND ${where}`,
    params,
    { maxSeconds: 20 },
  );
  const [people, counts, anonymous] = await Promise.all([walked, counted, ofNobody]);
  return {
    ...told(grid),
    withinMs: selection.withinMs,
    items: selection.events.map((event, index) => {
      const series = reachedBy(people, index + 1, grid.steps);
      return {
        event,
        events: counts.find((one) => one.event === event)?.events ?? 0,
        people: series.reduce((sum, value) => sum + value, 0),
        series,
      };
    }),
    anonymous: anonymous[0]?.events ?? 0,
  };
}

/**
 * Events of the log, and those that pages tell of. Somebody who has not signed in is one person for as long as their tab is
 * open.
 */
function eventsOf(where: string): string {
  return `SELECT timestamp, event, userId FROM business_event_rows WHERE ${where}
    UNION ALL
    SELECT timestamp, event, person AS userId FROM (
      SELECT timestamp, service, name AS event,
        if(userId != '' OR sessionId = '', userId, concat('session:', sessionId)) AS person
      FROM browser_event_rows FINAL) WHERE ${where}`;
}

/** People who reached at least a step, by the time at which they began. */
function reachedBy(rows: readonly PersonRow[], least: number, steps: number): number[] {
  const series = emptySeries(steps, 0);
  for (const { step, reached, people } of rows) {
    if (reached >= least && step >= 0 && step < steps) series[step] = (series[step] as number) + people;
  }
  return series;
}
