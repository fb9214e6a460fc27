import type { ErrorAttachment, ErrorEventDetail, ErrorFrame } from '@yumops/protocol';
import { YumOpsError } from '../../../lib/errors.ts';
import type { OwnershipRule } from '../config.ts';
import { thrownOf } from '../event.ts';
import { EVENTS, type Telemetry } from './events-source.ts';
import { ownersOf } from './owners.ts';
import { storedEvent } from './stored-event.ts';

interface EventRow {
  issueId: string;
  at: number;
  received: number;
  project: string;
  type: string | null;
  message: string;
  level: string;
  platform: string;
  release: string;
  environment: string;
  service: string;
  transaction: string | null;
  serverName: string | null;
  traceId: string | null;
  spanId: string | null;
  requestId: string | null;
  replayId: string | null;
  event: string;
  exception: string;
}

/**
 * One event with all that came with it.
 * @param eventId 32 hex digits, with or without dashes
 * @throws event_not_found (404)
 */
export async function getEvent(
  deps: { telemetry: Telemetry; ownership: readonly OwnershipRule[] },
  eventId: string,
): Promise<ErrorEventDetail> {
  const { telemetry } = deps;
  const id = eventId.replaceAll('-', '').toLowerCase();
  const [row] = await telemetry.query<EventRow>(
    `SELECT issueId, toUnixTimestamp64Milli(timestamp) AS at, toUnixTimestamp64Milli(receivedAt) AS received, project,
            type, message, level, platform, release, environment, service, transaction, serverName, traceId, spanId,
            requestId, replayId, event, exception
     FROM ${EVENTS} WHERE eventId = {id:String} LIMIT 1`,
    { id },
  );
  if (!row) throw new YumOpsError('event_not_found', `There is no event ${id}.`, { status: 404 });
  const [attachments, feedback, previous, next] = await Promise.all([
    readAttachments(telemetry, id),
    readFeedback(telemetry, id),
    neighbour(telemetry, row, id, 'before'),
    neighbour(telemetry, row, id, 'after'),
  ]);
  const owners = ownersOf(storedEvent(row), deps.ownership);
  return { ...describe(row, id), attachments, feedback, owners, previous, next };
}

function describe(
  row: EventRow,
  id: string,
): Omit<ErrorEventDetail, 'attachments' | 'feedback' | 'owners' | 'previous' | 'next'> {
  const event = storedEvent(row);
  const { at, received, event: _, exception: _exception, ...columns } = row;
  const objectOf = (value: unknown) => (typeof value === 'object' && value !== null ? { ...value } : {});
  const breadcrumbs = (event['breadcrumbs'] as { values?: ErrorEventDetail['breadcrumbs'] } | undefined)?.values ?? [];
  return {
    ...columns,
    id,
    timestamp: new Date(at).toISOString(),
    receivedAt: new Date(received).toISOString(),
    release: row.release || null,
    environment: row.environment || null,
    service: row.service || null,
    frames: (thrownOf(event)?.stacktrace?.frames ?? []) as ErrorFrame[],
    exception: event.exception as ErrorEventDetail['exception'],
    breadcrumbs,
    tags: event.tags,
    user: objectOf(event['user']),
    request: event['request'] ? objectOf(event['request']) : null,
    contexts: objectOf(event['contexts']),
    extra: objectOf(event['extra']),
  };
}

function readAttachments(telemetry: Telemetry, id: string): Promise<ErrorAttachment[]> {
  return telemetry.query<ErrorAttachment>(
    'SELECT id, filename, contentType, bytes FROM attachments WHERE eventId = {id:String} ORDER BY filename LIMIT 100',
    { id },
  );
}

async function readFeedback(telemetry: Telemetry, id: string): Promise<ErrorEventDetail['feedback']> {
  const rows = await telemetry.query<{ name: string | null; email: string | null; message: string; at: number }>(
    `SELECT name, email, message, toUnixTimestamp64Milli(timestamp) AS at FROM feedback
     WHERE associatedEventId = {id:String} ORDER BY timestamp LIMIT 100`,
    { id },
  );
  return rows.map(({ at, ...words }) => ({ ...words, timestamp: new Date(at).toISOString() }));
}

async function neighbour(
  telemetry: Telemetry,
  { issueId, at }: EventRow,
  id: string,
  side: 'before' | 'after',
): Promise<string | null> {
  const [comparison, order] = side === 'before' ? ['<', 'DESC'] : ['>', 'ASC'];
  const [row] = await telemetry.query<{ eventId: string }>(
    `SELECT eventId FROM ${EVENTS}
     WHERE issueId = {issueId:String} AND (timestamp, eventId) ${comparison} (fromUnixTimestamp64Milli({at:Int64}), {id:String})
     ORDER BY timestamp ${order}, eventId ${order} LIMIT 1`,
    { issueId, at, id },
  );
  return row?.eventId ?? null;
}

/** The events of an issue, newest first. @param before an event's time in milliseconds and id, from the list's end */
export async function listEvents(
  telemetry: Telemetry,
  issueId: string,
  page: { limit: number; before?: { at: number; id: string } | undefined },
): Promise<{ items: EventSummary[]; next: { at: number; id: string } | null }> {
  const rows = await telemetry.query<EventSummary & { at: number }>(
    `SELECT eventId AS id, toUnixTimestamp64Milli(timestamp) AS at, message, nullIf(release, '') AS release,
            nullIf(environment, '') AS environment, userId AS user, traceId
     FROM ${EVENTS} WHERE issueId = {issueId:String} ${
       page.before ? 'AND (timestamp, eventId) < (fromUnixTimestamp64Milli({at:Int64}), {id:String})' : ''
     }
     ORDER BY timestamp DESC, eventId DESC LIMIT {limit:UInt32}`,
    { issueId, limit: page.limit + 1, at: page.before?.at ?? 0, id: page.before?.id ?? '' },
  );
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ at, ...item }) => ({ ...item, timestamp: new Date(at).toISOString() })),
    next: rows.length > page.limit && last ? { at: last.at, id: last.id } : null,
  };
}

export interface EventSummary {
  id: string;
  timestamp: string;
  message: string;
  release: string | null;
  environment: string | null;
  user: string | null;
  traceId: string | null;
}
