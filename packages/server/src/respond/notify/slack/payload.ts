import type { MessageAlert, MessageBody } from '../body.ts';
import { ALERTS_SHOWN, alertUrl, factsOf, remainder } from '../facts.ts';
import type { Outgoing } from '../notifier.ts';

/** Limits of Block Kit: characters of a header, of a section's text, of a field, and fields of a section. */
const HEADER_MAX = 150;
const TEXT_MAX = 3_000;
const FIELD_MAX = 2_000;
const FIELDS_MAX = 10;

interface PlainText {
  type: 'plain_text';
  text: string;
}
interface Markdown {
  type: 'mrkdwn';
  text: string;
}
type Block =
  | { type: 'header'; text: PlainText }
  | { type: 'section'; text: Markdown; fields?: Markdown[] }
  | { type: 'context'; elements: Markdown[] };

/** The body of an incoming webhook. */
export interface SlackPayload {
  /** What notifications and screen readers show. */
  text: string;
  blocks: Block[];
  /** Only for receivers that heed it. */
  channel?: string;
}

const SIGNS: Record<MessageBody['severity'], string> = { critical: '🔴', warning: '🟠', info: '🔵' };

/** Makes the message for an incoming webhook. `channel` is added where the receiver heeds it. */
export function slackPayload(message: Outgoing, channel: string | null): SlackPayload {
  const { body } = message;
  const sign = body.kind === 'resolved' ? '🟢' : SIGNS[body.severity];
  const more = remainder(body);
  const shown = body.alerts.slice(0, ALERTS_SHOWN);
  return {
    text: escapeText(`${sign} ${body.title}`),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: clip(`${sign} ${body.title}`, HEADER_MAX) } },
      ...shown.map((alert) => alertBlock(alert, message.publicUrl)),
      { type: 'context', elements: contextOf(message, more) },
    ],
    ...(channel === null ? {} : { channel }),
  };
}

function alertBlock(alert: MessageAlert, publicUrl: string): Block {
  const state = alert.status === 'resolved' ? 'Resolved' : 'Firing';
  const link = `<${alertUrl(publicUrl, alert)}|${escapeText(alert.summary).replaceAll('|', '¦')}>`;
  const fields = factsOf(alert)
    .slice(0, FIELDS_MAX)
    .map(
      ([name, value]): Markdown => ({
        type: 'mrkdwn',
        text: clip(`*${escapeText(name)}*\n${escapeText(value)}`, FIELD_MAX),
      }),
    );
  const text = clip(`*${state}* ${link}\n${escapeText(alert.sentence)}`, TEXT_MAX);
  return { type: 'section', text: { type: 'mrkdwn', text }, fields };
}

function contextOf(message: Outgoing, more: string | undefined): Markdown[] {
  const lines = [`${message.target} · ${message.body.reason}`, message.key];
  if (more !== undefined) lines.unshift(more);
  return lines.map((line) => ({ type: 'mrkdwn', text: clip(escapeText(line), FIELD_MAX) }));
}

/** Slack's three control characters. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
