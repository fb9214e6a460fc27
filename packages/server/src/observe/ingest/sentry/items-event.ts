import {
  type ErrorEvent,
  GROUPING_VERSION,
  groupEvent,
  isInApp,
  type SourceMaps,
  thrownOf,
} from '../../errors/index.ts';
import { eventTime } from '../record/event-time.ts';
import { hexId, isObject, type Json, objectOf, textMap, textOf } from '../record/json-value.ts';
import type { Refused } from '../record/readers.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { addTaken, type Category, type ItemContext } from './context.ts';
import { culpritOf, normaliseEvent, userKeyOf } from './event.ts';
import { addRow, type Origin, originOf } from './rows.ts';

/** Adds an error event. @param given as it was sent */
export function addEvent(
  given: Json,
  eventId: string,
  context: ItemContext,
  sourceMaps: SourceMaps,
  category: Category = 'error',
): Refused | undefined {
  const scrubbed = scrubTree(given);
  if (!isObject(scrubbed)) return { code: 'invalid_event', message: 'An event must be a JSON object.' };
  const event = normaliseEvent(scrubbed, eventId, context);
  sourceMaps.apply(event);
  markInApp(event);
  const { at, original } = eventTime(given['timestamp'], context.drift, context.now);
  if (original !== null) event['original_timestamp'] = new Date(original).toISOString();
  event['timestamp'] = at / 1_000;
  addRow(context, 'error_event_rows', 'errors', at, eventRow(event, at, context));
  addTaken(context.out, category);
  return undefined;
}

function markInApp(event: ErrorEvent): void {
  for (const { stacktrace } of event.exception.values) {
    for (const frame of stacktrace?.frames ?? []) frame.in_app = isInApp(frame);
  }
}

function eventRow(event: ErrorEvent, at: number, context: ItemContext): Record<string, unknown> {
  const thrown = thrownOf(event);
  const grouping = groupEvent(event, context.project, context.rules);
  const contexts = objectOf(event['contexts']);
  const trace = objectOf(contexts['trace']);
  const user = objectOf(event['user']);
  const handled = thrown?.mechanism?.['handled'];
  return {
    timestamp: at,
    receivedAt: context.now,
    eventId: event.event_id,
    ...originOfEvent(event, context),
    dist: event.dist,
    level: event.level,
    type: thrown?.type ?? textOf(event['type'], 64),
    message: thrown?.value ?? event.message,
    culprit: culpritOf(event),
    transaction: event.transaction,
    platform: event.platform,
    handled: typeof handled === 'boolean' ? handled : null,
    groupHash: grouping.hash,
    groupVersion: GROUPING_VERSION,
    grouping: JSON.stringify(grouping),
    traceId: hexId(trace['trace_id']) ?? hexId(context.trace['trace_id']),
    spanId: hexId(trace['span_id'], 16),
    requestId: requestIdOf(event),
    replayId: hexId(objectOf(contexts['replay'])['replay_id']) ?? hexId(event.tags['replayId']),
    userId: textOf(user['id'], 300),
    userKey: userKeyOf(user),
    serverName: textOf(event['server_name'], 200),
    tags: textMap(event.tags),
    exception: JSON.stringify(event.exception),
    // The exceptions are a column of their own.
    event: JSON.stringify({ ...event, exception: undefined }),
  };
}

function originOfEvent(event: ErrorEvent, context: ItemContext): Origin {
  return originOf(context, { ...event, service: event.tags['service'] ?? objectOf(event['contexts'])['service'] });
}

/** From a tag, or the header that the app or the client sent. */
function requestIdOf(event: ErrorEvent): string | null {
  const tagged = event.tags['requestId'] ?? event.tags['request_id'];
  if (tagged !== undefined) return textOf(tagged, 100);
  const headers = objectOf(objectOf(event['request'])['headers']);
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'x-request-id');
  return name === undefined ? null : textOf(headers[name], 100);
}
