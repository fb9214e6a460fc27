import type { MessageAlert, MessageBody } from '../body.ts';
import { clip } from '../clip.ts';
import { episodeKey } from '../episode-key.ts';
import { alertUrl, factsOf } from '../facts.ts';
import type { Outgoing } from '../notifier.ts';

/** Limits of the Events API. */
const SUMMARY_MAX = 1_024;
const EVENT_MAX_BYTES = 512 * 1_024;

const REMOVED = { error: 'The details were removed because the event was larger than 512 KB.' };

interface Payload {
  summary: string;
  source: string;
  severity: 'critical' | 'error' | 'warning' | 'info';
  timestamp: string;
  component?: string;
  group?: string;
  class: string;
  custom_details: Record<string, unknown>;
}

/** The body of `POST /v2/enqueue`. */
export type PagerdutyEvent =
  | { routing_key: string; event_action: 'acknowledge' | 'resolve'; dedup_key: string }
  | {
      routing_key: string;
      event_action: 'trigger';
      dedup_key: string;
      client: string;
      client_url: string;
      links: { href: string; text: string }[];
      payload: Payload;
    };

/**
 * The events that a message becomes: one for each of its alerts, so that each is resolved by itself. Sent again they
 * change nothing, for the key of an event is that of the episode.
 */
export function pagerdutyEvents(message: Outgoing, routingKey: string): PagerdutyEvent[] {
  const { body } = message;
  if (body.kind === 'meta' || body.kind === 'test' || body.alerts.length === 0) {
    return [withinLimit(plainTrigger(message, routingKey))];
  }
  return body.alerts.map((alert) => {
    const action = actionFor(body.kind, alert);
    const key = episodeKey(alert);
    if (action !== 'trigger') return { routing_key: routingKey, event_action: action, dedup_key: key };
    return withinLimit(alertTrigger(message, alert, routingKey));
  });
}

function actionFor(kind: MessageBody['kind'], alert: MessageAlert): PagerdutyEvent['event_action'] {
  if (kind === 'resolved' || alert.status === 'resolved') return 'resolve';
  return kind === 'acknowledged' ? 'acknowledge' : 'trigger';
}

function alertTrigger(message: Outgoing, alert: MessageAlert, routingKey: string): PagerdutyEvent {
  const { service, environment, instance, monitor } = alert.labels;
  const url = alertUrl(message.publicUrl, alert);
  const runbook =
    alert.runbook !== null && URL.canParse(alert.runbook) ? [{ href: alert.runbook, text: 'Runbook' }] : [];
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: episodeKey(alert),
    client: 'YumOps',
    client_url: url,
    links: [{ href: url, text: 'The alert in YumOps' }, ...runbook],
    payload: {
      summary: clip(alert.summary, SUMMARY_MAX),
      source: service ?? instance ?? monitor ?? 'yumops',
      severity: alert.severity,
      timestamp: new Date(alert.startedAt).toISOString(),
      ...(service === undefined ? {} : { component: service }),
      ...(environment === undefined ? {} : { group: environment }),
      class: alert.name,
      custom_details: {
        rule: alert.sentence,
        why: message.body.reason,
        key: message.key,
        ...Object.fromEntries(factsOf(alert)),
      },
    },
  };
}

function plainTrigger(message: Outgoing, routingKey: string): PagerdutyEvent {
  const { body, publicUrl } = message;
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: `yumops:${message.id}`,
    client: 'YumOps',
    client_url: publicUrl,
    links: [{ href: publicUrl, text: 'YumOps' }],
    payload: {
      summary: clip(body.title, SUMMARY_MAX),
      source: 'yumops',
      severity: body.severity,
      timestamp: new Date(message.createdAt).toISOString(),
      class: body.rule === '' ? body.kind : body.rule,
      custom_details: { why: body.reason, key: message.key },
    },
  };
}

/** An event that is too large loses its details, and says so. */
function withinLimit(event: PagerdutyEvent): PagerdutyEvent {
  if (event.event_action !== 'trigger' || Buffer.byteLength(JSON.stringify(event)) <= EVENT_MAX_BYTES) return event;
  return { ...event, payload: { ...event.payload, custom_details: REMOVED } };
}
