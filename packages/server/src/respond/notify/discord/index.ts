import type { MessageAlert } from '../body.ts';
import type { ChatWebhook } from '../chat-webhook.ts';
import { clip } from '../clip.ts';
import { ALERTS_SHOWN, alertUrl, factsOf, remainder } from '../facts.ts';
import { type Answer, judgeAnswer, objectIn, postJson } from '../http-exchange.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import { signOf } from '../plain-text.ts';

/** Limits of a message: its text, and what may stand in the embeds, which together may have 6,000 characters. */
const CONTENT_MAX = 2_000;
const TITLE_MAX = 256;
const DESCRIPTION_MAX = 4_096;
const FIELDS_MAX = 25;
const FIELD_NAME_MAX = 256;
const FIELD_VALUE_MAX = 1_024;
const FOOTER_MAX = 2_048;
const EMBEDS_TOTAL = 6_000;

const COLOURS = { critical: 0xd92d20, warning: 0xf79009, info: 0x2e90fa } as const;
const GREEN = 0x12b76a;

interface Embed {
  title: string;
  url?: string;
  description?: string;
  color: number;
  timestamp: string;
  fields?: { name: string; value: string; inline: boolean }[];
  footer?: { text: string };
}

/** Discord through a webhook. Nobody is mentioned, whatever a text says. A deleted webhook (404) is final. */
export function discordNotifier(integration: ChatWebhook): Notifier {
  return {
    async send(message, signal) {
      const url = new URL(integration.url.reveal());
      url.searchParams.set('wait', 'true');
      const answer = await postJson(url.href, discordMessage(message), {}, signal);
      return 'outcome' in answer ? answer : judge(answer);
    },
  };
}

function judge(answer: Answer): DeliveryResult {
  const { message, retry_after: seconds, id } = objectIn(answer);
  const said = typeof message === 'string' ? message : answer.text;
  const wait = typeof seconds === 'number' ? seconds * 1_000 : answer.retryAfterMs;
  const result = judgeAnswer({ ...answer, retryAfterMs: wait }, said);
  return result.outcome === 'sent' && typeof id === 'string' ? { ...result, receipt: id } : result;
}

function discordMessage(message: Outgoing) {
  const { body } = message;
  const more = remainder(body);
  const [head, ...rest] = body.alerts.slice(0, ALERTS_SHOWN).map((alert) => embedOf(alert, message.publicUrl));
  const footer = { text: clip(`${body.reason} · ${message.key}`, FOOTER_MAX / 2) };
  const embeds = withinTotal(head ? [{ ...head, footer }, ...rest] : []);
  const title = `${signOf(message)} ${body.title}${more === undefined ? '' : ` ${more}`}`;
  const lines = embeds.length === 0 ? [title, body.reason, message.key] : [title];
  return { content: clip(lines.join('\n'), CONTENT_MAX), embeds, allowed_mentions: { parse: [] } };
}

function embedOf(alert: MessageAlert, publicUrl: string): Embed {
  const over = alert.status === 'resolved';
  return {
    title: clip(`${over ? 'Resolved' : 'Firing'}: ${alert.summary}`, TITLE_MAX),
    url: alertUrl(publicUrl, alert),
    description: clip(alert.sentence, DESCRIPTION_MAX / 4),
    color: over ? GREEN : COLOURS[alert.severity],
    timestamp: new Date(alert.endedAt ?? alert.startedAt).toISOString(),
    fields: factsOf(alert)
      .slice(0, FIELDS_MAX)
      .filter(([name, value]) => name.trim() !== '' && value.trim() !== '')
      .map(([name, value]) => ({
        name: clip(name, FIELD_NAME_MAX),
        value: clip(value, FIELD_VALUE_MAX),
        inline: value.length < 40,
      })),
  };
}

/** Leaves fields out, then whole alerts, until the embeds are short enough together. */
function withinTotal(embeds: readonly Embed[]): Embed[] {
  const kept: Embed[] = [];
  let room = EMBEDS_TOTAL;
  for (const embed of embeds) {
    const { fields = [], ...plain } = embed;
    const bare = plain.title.length + (plain.description?.length ?? 0) + (plain.footer?.text.length ?? 0);
    if (bare > room) break;
    room -= bare;
    const fitting = fields.filter(({ name, value }) => {
      const fits = name.length + value.length <= room;
      if (fits) room -= name.length + value.length;
      return fits;
    });
    kept.push({ ...plain, fields: fitting });
  }
  return kept;
}
