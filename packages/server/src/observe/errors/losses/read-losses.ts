import type { Losses } from '@yumops/protocol';
import { at, type Telemetry } from '../issues/events-source.ts';

/** Refused records that are shown; the newest. */
const MOST_REFUSED = 50;

const REPORTED = `SELECT source AS told, category, reason, toFloat64(sum(quantity)) AS lost, max(timestamp) AS latest
  FROM client_reports WHERE timestamp >= ${at('from')} AND timestamp < ${at('to')} GROUP BY told, category, reason`;

/** Items of Sentry's protocol stand in the reports already. */
const REFUSED = `FROM dead_letters WHERE timestamp >= ${at('from')} AND timestamp < ${at('to')}`;

interface LossRow {
  told: string;
  category: string;
  reason: string;
  lost: number;
  last: number;
}

interface RefusedRow {
  at: number;
  source: string;
  line: number | null;
  code: string;
  message: string;
  record: string;
}

/** What was sent and is not in the store, or could not be sent, the most first. @param range milliseconds since the epoch */
export async function readLosses(telemetry: Telemetry, range: { from: number; to: number }): Promise<Losses> {
  const [items, refused] = await Promise.all([
    telemetry.query<LossRow>(
      `SELECT told, category, reason, lost, toUnixTimestamp64Milli(latest) AS last FROM (
         ${REPORTED}
         UNION ALL
         SELECT 'server' AS told, source AS category, code AS reason, toFloat64(count()) AS lost, max(timestamp) AS latest
         ${REFUSED} AND source != 'sentry' GROUP BY category, reason
       ) ORDER BY lost DESC, reason, category LIMIT 500`,
      range,
    ),
    telemetry.query<RefusedRow>(
      `SELECT toUnixTimestamp64Milli(timestamp) AS at, source, line, code, message, record
       ${REFUSED} ORDER BY timestamp DESC LIMIT ${MOST_REFUSED}`,
      range,
    ),
  ]);
  return {
    items: items.map(({ told, category, reason, lost, last }) => ({
      by: told === 'client' ? 'client' : 'server',
      ...{ category, reason, quantity: lost, lastAt: new Date(Number(last)).toISOString() },
    })),
    refused: refused.map(({ at: time, ...row }) => ({ at: new Date(Number(time)).toISOString(), ...row })),
  };
}
