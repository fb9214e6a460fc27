import type { Check, CheckEvidence, Page } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { historyStart } from './history/own-history.ts';

export interface CheckQuery {
  /** Id of a monitor; undefined = the checks of all in the last day. */
  monitorId?: string | undefined;
  /** Only failed checks, or only good ones. */
  ok?: boolean | undefined;
  limit: number;
  /** As `nextCursor` of the page before gave it. */
  cursor?: string | undefined;
}

interface CheckRow extends Omit<Check, 'timestamp' | 'evidence'> {
  at: number;
  evidence: string;
}

const DAY = 86_400_000;
const KEPT_DAYS = 30;

/**
 * Lists checks, newest first.
 * @param now milliseconds since the epoch
 * @throws {YumOpsError} `invalid_cursor`
 */
export async function listChecks(
  { db, telemetry }: { db: Queryable; telemetry: TelemetryStore },
  query: CheckQuery,
  now: number,
): Promise<Page<Check>> {
  const kept = now - (query.monitorId === undefined ? DAY : KEPT_DAYS * DAY);
  const own = query.monitorId === undefined ? 0 : await historyStart(db, query.monitorId);
  const before = query.cursor === undefined ? { at: now + DAY, id: '' } : readCursor(query.cursor);
  const conditions = [
    'timestamp >= fromUnixTimestamp64Milli({from:Int64})',
    '(timestamp, id) < (fromUnixTimestamp64Milli({at:Int64}), {id:String})',
    ...(query.monitorId === undefined ? [] : ['monitorId = {monitorId:String}']),
    ...(query.ok === undefined ? [] : [query.ok ? 'ok' : 'NOT ok']),
  ];
  const rows = await telemetry.query<CheckRow>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS at, id, monitor, location, ok, durationMs, dnsMs, connectMs, tlsMs,
            firstByteMs, bodyMs, statusCode, reason, evidence
     FROM check_results WHERE ${conditions.join(' AND ')} ORDER BY timestamp DESC, id DESC LIMIT {limit:UInt32}`,
    {
      ...before,
      monitorId: query.monitorId ?? '',
      from: Math.max(kept, own),
      limit: query.limit + 1,
    },
  );
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return { items: shown.map(toCheck), nextCursor: rows.length > query.limit && last ? `${last.at}.${last.id}` : null };
}

function readCursor(cursor: string): { at: number; id: string } {
  const match = /^(\d{1,15})\.([\w-]{1,64})$/.exec(cursor);
  if (!match) {
    throw new YumOpsError('invalid_cursor', `"${cursor}" is not a cursor of this list.`, {
      hint: 'Use nextCursor of the page before.',
      status: 400,
    });
  }
  return { at: Number(match[1]), id: match[2] as string };
}

function toCheck({ at, evidence, ...row }: CheckRow): Check {
  return {
    ...row,
    timestamp: new Date(at).toISOString(),
    evidence: evidence === '' ? null : (JSON.parse(evidence) as CheckEvidence),
  };
}
