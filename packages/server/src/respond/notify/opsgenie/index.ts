import type { MessageAlert } from '../body.ts';
import { clip } from '../clip.ts';
import { episodeKey } from '../episode-key.ts';
import { alertUrl, factsOf } from '../facts.ts';
import { judgeAnswer, objectIn, postJson } from '../http-exchange.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import { type Part, Sequence } from '../sequence.ts';
import type { OpsgenieIntegration } from './config.ts';

/** Limits of the Alert API. */
const MESSAGE_MAX = 130;
const DESCRIPTION_MAX = 15_000;
const ENTITY_MAX = 512;
const TAG_MAX = 50;
const NOTE_MAX = 25_000;
/** Of the characters that all details together may have. */
const DETAILS_MAX = 8_000;

const PRIORITIES = { critical: 'P1', warning: 'P3', info: 'P5' } as const;

interface Request {
  path: string;
  body: Record<string, unknown>;
}

/**
 * Opsgenie by its Alert API v2. The alias of an alert is that of its episode, so that creating it again changes
 * nothing; a message about several alerts is several requests.
 */
export function opsgenieNotifier(integration: OpsgenieIntegration): Notifier {
  const sequence = new Sequence();
  const part =
    ({ path, body }: Request): Part =>
    async (signal): Promise<DeliveryResult> => {
      const headers = { authorization: `GenieKey ${integration.apiKey.reveal()}` };
      const answer = await postJson(`${integration.base}/v2/alerts${path}`, body, headers, signal);
      if ('outcome' in answer) return answer;
      const { message } = objectIn(answer);
      return judgeAnswer(answer, typeof message === 'string' ? message : answer.text);
    };
  return { send: (message, signal) => sequence.send(message.id, requestsFor(message).map(part), signal) };
}

function requestsFor(message: Outgoing): Request[] {
  const { body } = message;
  if (body.kind === 'meta' || body.kind === 'test' || body.alerts.length === 0) return [plainRequest(message)];
  return body.alerts.map((alert) => {
    const at = `/${encodeURIComponent(episodeKey(alert))}`;
    const note = { source: 'YumOps', note: clip(`${body.reason}\n${message.key}`, NOTE_MAX) };
    if (alert.status === 'resolved') return { path: `${at}/close?identifierType=alias`, body: note };
    if (body.kind === 'acknowledged') return { path: `${at}/acknowledge?identifierType=alias`, body: note };
    return { path: '', body: creation(message, alert) };
  });
}

function creation(message: Outgoing, alert: MessageAlert): Record<string, unknown> {
  const url = alertUrl(message.publicUrl, alert);
  return {
    message: clip(alert.summary, MESSAGE_MAX),
    alias: episodeKey(alert),
    description: clip([alert.summary, alert.sentence, message.body.reason, url].join('\n\n'), DESCRIPTION_MAX),
    priority: PRIORITIES[alert.severity],
    source: 'YumOps',
    entity: clip(alert.labels['service'] ?? alert.labels['monitor'] ?? alert.name, ENTITY_MAX),
    tags: [alert.severity, alert.name].map((tag) => clip(tag.replaceAll(',', ' '), TAG_MAX)),
    details: detailsOf([['url', url], ['key', message.key], ...factsOf(alert)]),
  };
}

function plainRequest(message: Outgoing): Request {
  const { body } = message;
  const plain = {
    message: clip(body.title, MESSAGE_MAX),
    alias: `yumops:${message.id}`,
    description: clip([body.title, body.reason, message.publicUrl].join('\n\n'), DESCRIPTION_MAX),
    priority: PRIORITIES[body.severity],
    source: 'YumOps',
    tags: [body.kind],
    details: detailsOf([['key', message.key]]),
  };
  return { path: '', body: plain };
}

/** As many of the facts as fit. */
function detailsOf(facts: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  const details: Record<string, string> = {};
  let room = DETAILS_MAX;
  for (const [name, value] of facts) {
    room -= name.length + value.length;
    if (room < 0) break;
    details[name] = value;
  }
  return details;
}
