import { clip } from '../clip.ts';
import { alertUrl } from '../facts.ts';
import { type Answer, judgeAnswer, objectIn, postJson } from '../http-exchange.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import { plainLines } from '../plain-text.ts';
import type { NtfyIntegration } from './config.ts';

/** A longer message would become an attachment. */
const MESSAGE_MAX_BYTES = 4_096;
const TITLE_MAX = 250;

const PRIORITIES = { critical: 5, warning: 4, info: 3 } as const;
const TAGS = { critical: 'rotating_light', warning: 'warning', info: 'information_source' } as const;
const LOW = 2;

/** A topic of an ntfy server, as JSON. A topic that needs another token (401, 403) is final. */
export function ntfyNotifier(integration: NtfyIntegration): Notifier {
  return {
    async send(message, signal) {
      const headers = integration.token ? { authorization: `Bearer ${integration.token.reveal()}` } : {};
      const body = ntfyMessage(message, integration.topic.reveal());
      const answer = await postJson(`${integration.base}/`, body, headers, signal);
      return 'outcome' in answer ? answer : judge(answer);
    },
  };
}

function ntfyMessage(message: Outgoing, topic: string) {
  const { body, publicUrl } = message;
  const over = body.kind === 'resolved';
  const [first] = body.alerts;
  const url = first ? alertUrl(publicUrl, first) : publicUrl;
  return {
    topic,
    title: clip(body.title, TITLE_MAX),
    message: clipBytes(plainLines(message).join('\n')),
    priority: over ? LOW : PRIORITIES[body.severity],
    tags: [over ? 'white_check_mark' : TAGS[body.severity]],
    click: url,
    actions: [{ action: 'view', label: 'Open in YumOps', url }],
  };
}

function clipBytes(text: string): string {
  let max = Math.min(text.length, MESSAGE_MAX_BYTES);
  while (Buffer.byteLength(clip(text, max)) > MESSAGE_MAX_BYTES) max -= 64;
  return clip(text, max);
}

function judge(answer: Answer): DeliveryResult {
  const { error, id } = objectIn(answer);
  const judged = judgeAnswer(answer, typeof error === 'string' ? error : answer.text);
  return judged.outcome === 'sent' && typeof id === 'string' ? { ...judged, receipt: id } : judged;
}
