import type { Page, SecurityEventItem, SecuritySource, SecuritySummary } from '@yumops/protocol';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { readCursor } from './cursor.ts';

type Telemetry = Pick<TelemetryStore, 'query'>;

/** Which events. Times in milliseconds since the epoch. */
export interface EventSelection {
  from: number;
  to: number;
  ip?: string | undefined;
  /** CIDR, of /24 or /64. */
  network?: string | undefined;
  /** Hashed. */
  account?: string | undefined;
  event?: string | undefined;
}

const FAILED = `(event = 'failed_authentication' OR match(event, '^authn_login_fail($|:)') OR match(owasp, '^authn_login_fail($|:)'))`;
const SUCCEEDED = `(event LIKE 'authn_login_success%' OR owasp LIKE 'authn_login_success%')`;
const NETWORK = `if(isIPv4String(ifNull(ip, '')),
  concat(arrayStringConcat(arraySlice(splitByChar('.', ifNull(ip, '')), 1, 3), '.'), '.0/24'),
  concat(IPv6NumToString(tupleElement(IPv6CIDRToRange(toIPv6OrDefault(ifNull(ip, '')), 64), 1)), '/64'))`;

function whereOf({ from, to, ip, network, account, event }: EventSelection) {
  const where = [
    `timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')`,
    `timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`,
  ];
  if (ip !== undefined) where.push('ip = {ip:String}');
  if (network !== undefined) where.push(`ip IS NOT NULL AND isIPAddressInRange(ifNull(ip, '::'), {network:String})`);
  if (account !== undefined) where.push('(account = {account:String} OR userId = {account:String})');
  if (event !== undefined) where.push('(event = {event:String} OR owasp = {event:String})');
  return { where: where.join(' AND '), params: { from, to, ip, network, account, event } };
}

interface EventRow extends Omit<SecurityEventItem, 'timestamp'> {
  at: number;
}

/**
 * Security events, newest first.
 * @throws YumOpsError `invalid_cursor` (400)
 */
export async function readEvents(
  telemetry: Telemetry,
  selection: EventSelection,
  page: { limit: number; cursor?: string | undefined },
): Promise<Page<SecurityEventItem>> {
  const { where, params } = whereOf(selection);
  const before = page.cursor === undefined ? null : readCursor(page.cursor);
  const after =
    before === null ? '' : `AND (timestamp, id) < (fromUnixTimestamp64Milli({at:Int64}, 'UTC'), {id:String})`;
  const rows = await telemetry.query<EventRow>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS at, id, event, nullIf(owasp, '') AS owasp, nullIf(severity, '') AS severity,
       ip, account, userId, reason, country, nullIf(service, '') AS service, method, endpoint, requestId
     FROM security_event_rows WHERE ${where} ${after} ORDER BY timestamp DESC, id DESC LIMIT {limit:UInt32}`,
    { ...params, ...(before ?? {}), limit: page.limit + 1 },
  );
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ at, ...row }) => ({ ...row, timestamp: new Date(at).toISOString() })),
    nextCursor: rows.length > page.limit && last ? `${last.at}.${last.id}` : null,
  };
}

const TREND_PARTS = 24;
const MOST_SOURCES = 500;

/** Networks from which events came, those with most failures first. */
export async function readSources(telemetry: Telemetry, selection: EventSelection): Promise<SecuritySource[]> {
  const { where, params } = whereOf(selection);
  const rows = await telemetry.query<Omit<SecuritySource, 'firstAt' | 'lastAt'> & { first: number; last: number }>(
    `SELECT network, any(place) AS country, toUInt32(sum(n)) AS events, toUInt32(sum(failed)) AS failures,
       toUInt32(sum(entered)) AS successes, uniqExact(ip) AS addresses, uniqExactIf(account, isNotNull(account)) AS accounts,
       min(at) AS first, max(at) AS last, sumForEach(arrayMap(i -> if(i = part, failed, 0), range(${TREND_PARTS}))) AS trend
     FROM (
       SELECT ${NETWORK} AS network, country AS place, ip, account, toUnixTimestamp64Milli(timestamp) AS at, 1 AS n,
         ${FAILED} AS failed, ${SUCCEEDED} AS entered,
         toUInt32(intDiv((at - {from:Int64}) * ${TREND_PARTS}, {to:Int64} - {from:Int64})) AS part
       FROM security_event_rows WHERE ${where} AND ip IS NOT NULL
     ) GROUP BY network ORDER BY failures DESC, events DESC, network LIMIT ${MOST_SOURCES}`,
    params,
  );
  return rows.map(({ first, last, ...row }) => ({
    ...row,
    firstAt: new Date(first).toISOString(),
    lastAt: new Date(last).toISOString(),
  }));
}

const SERIES_PARTS = 60;

/** Sign-ins of a range by time, in equally long parts. */
export async function readSeries(telemetry: Telemetry, selection: EventSelection): Promise<SecuritySummary['series']> {
  const { where, params } = whereOf(selection);
  const width = Math.max(1_000, Math.ceil((selection.to - selection.from) / SERIES_PARTS));
  const rows = await telemetry.query<{ part: number; failures: number; successes: number; events: number }>(
    `SELECT toUInt32(intDiv(toUnixTimestamp64Milli(timestamp) - {from:Int64}, {width:Int64})) AS part,
       toUInt32(countIf(${FAILED})) AS failures, toUInt32(countIf(${SUCCEEDED})) AS successes, toUInt32(count()) AS events
     FROM security_event_rows WHERE ${where} GROUP BY part`,
    { ...params, width },
  );
  const known = new Map(rows.map((row) => [row.part, row]));
  return Array.from({ length: Math.ceil((selection.to - selection.from) / width) }, (_, part) => {
    const { failures = 0, successes = 0, events = 0 } = known.get(part) ?? {};
    const at = new Date(selection.from + part * width).toISOString();
    return { at, failures, successes, other: events - failures - successes };
  });
}
