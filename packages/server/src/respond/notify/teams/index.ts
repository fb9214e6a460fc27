import type { MessageAlert } from '../body.ts';
import type { ChatWebhook } from '../chat-webhook.ts';
import { clip } from '../clip.ts';
import { ALERTS_SHOWN, alertUrl, factsOf, remainder } from '../facts.ts';
import { judgeAnswer, postJson } from '../http-exchange.ts';
import type { Notifier, Outgoing } from '../notifier.ts';
import { signOf } from '../plain-text.ts';

/** A post may have 28 KB; this leaves room for what the workflow puts around the card. */
const CARD_MAX_BYTES = 24_000;
const TEXT_MAX = 1_000;
const FACT_MAX = 400;

/** Microsoft Teams through the webhook of a workflow, as an Adaptive Card. Its answer to a post is 202. */
export function teamsNotifier(integration: ChatWebhook): Notifier {
  return {
    async send(message, signal) {
      const answer = await postJson(integration.url.reveal(), teamsMessage(message), {}, signal);
      return 'outcome' in answer ? answer : judgeAnswer(answer);
    },
  };
}

/** The message around the card; alerts that would make it too large are counted instead. */
function teamsMessage(message: Outgoing) {
  for (let shown = ALERTS_SHOWN; ; shown--) {
    const content = card(message, shown);
    if (shown > 1 && Buffer.byteLength(JSON.stringify(content)) > CARD_MAX_BYTES) continue;
    const contentType = 'application/vnd.microsoft.card.adaptive';
    return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] };
  }
}

function card(message: Outgoing, shown: number) {
  const { body } = message;
  const more = remainder(body, shown);
  const [first] = body.alerts;
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      { ...block(`${signOf(message)} ${body.title}`), size: 'Large', weight: 'Bolder' },
      ...body.alerts.slice(0, shown).flatMap((alert) => alertBlocks(alert, message.publicUrl)),
      ...(more === undefined ? [] : [block(more)]),
      { ...block(`${body.reason} · ${message.key}`), isSubtle: true, size: 'Small' },
    ],
    actions: [
      {
        type: 'Action.OpenUrl',
        title: 'Open in YumOps',
        url: first ? alertUrl(message.publicUrl, first) : message.publicUrl,
      },
    ],
  };
}

function alertBlocks(alert: MessageAlert, publicUrl: string) {
  const state = alert.status === 'resolved' ? 'Resolved' : 'Firing';
  return [
    block(`**${state}** [${escapeMarkdown(alert.summary)}](${alertUrl(publicUrl, alert)})`),
    block(alert.sentence),
    {
      type: 'FactSet',
      facts: factsOf(alert).map(([title, value]) => ({ title: clip(title, 100), value: clip(value, FACT_MAX) })),
    },
  ];
}

function block(text: string) {
  return { type: 'TextBlock', text: clip(text, TEXT_MAX), wrap: true };
}

function escapeMarkdown(text: string): string {
  return clip(text.replaceAll(/[[\]\\*_]/g, '\\$&'), TEXT_MAX - 200);
}
