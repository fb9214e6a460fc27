import type { MessageAlert } from '../body.ts';
import { clip } from '../clip.ts';
import { ALERTS_SHOWN, alertUrl, factsOf, remainder } from '../facts.ts';
import type { Outgoing } from '../notifier.ts';
import { signOf } from '../plain-text.ts';

/** Limits of Block Kit: characters of a header and of a field, fields of a section. A section's text may have 3,000. */
const HEADER_MAX = 150;
const FIELD_MAX = 2_000;
const FIELDS_MAX = 10;
/** Our own limits within those: a line of a section, the name of a field. */
const LINE_MAX = 1_200;
const NAME_MAX = 100;
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

interface PlainText {
  type: 'plain_text';
  text: string;
}
interface Markdown {
  type: 'mrkdwn';
  text: string;
}
interface Button {
  type: 'button';
  text: PlainText;
  action_id: string;
  value: string;
  style?: 'primary' | 'danger';
}
export type Block =
  | { type: 'actions'; elements: Button[] }
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

/** Makes the message for an incoming webhook. `channel` is added where the receiver heeds it. */
export function slackPayload(message: Outgoing, channel: string | null): SlackPayload {
  const { body } = message;
  const sign = signOf(message);
  const more = remainder(body);
  const shown = body.alerts.slice(0, ALERTS_SHOWN);
  return {
    text: fit(`${sign} ${body.title}`, LINE_MAX),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: clip(`${sign} ${body.title}`, HEADER_MAX) } },
      ...(body.notice ? [noticeBlock(body.notice)] : []),
      ...shown.map((alert) => alertBlock(alert, message.publicUrl)),
      { type: 'context', elements: contextOf(message, more) },
    ],
    ...(channel === null ? {} : { channel }),
  };
}

function alertBlock(alert: MessageAlert, publicUrl: string): Block {
  const state = alert.status === 'resolved' ? 'Resolved' : 'Firing';
  const link = `<${alertUrl(publicUrl, alert)}|${fit(alert.summary.replaceAll('|', '¦'), LINE_MAX)}>`;
  const fields = factsOf(alert)
    .slice(0, FIELDS_MAX)
    .map(([name, value]) => markdown(`*${fit(name, NAME_MAX)}*\n${fit(value, FIELD_MAX - NAME_MAX - 3)}`));
  return { type: 'section', text: markdown(`*${state}* ${link}\n${fit(alert.sentence, LINE_MAX)}`), fields };
}

function noticeBlock({ lines, url }: NonNullable<Outgoing['body']['notice']>): Block {
  const text = lines.map((line) => fit(line, LINE_MAX)).join('\n');
  return { type: 'section', text: markdown(`${text.slice(0, FIELD_MAX)}\n<${url}|Open in YumOps>`) };
}

function contextOf(message: Outgoing, more: string | undefined): Markdown[] {
  const lines = [`${message.target} · ${message.body.reason}`, message.key];
  if (more !== undefined) lines.unshift(more);
  return lines.map((line) => markdown(fit(line, FIELD_MAX)));
}

export function markdown(text: string): Markdown {
  return { type: 'mrkdwn', text };
}

/** Escapes Slack's three control characters, and cuts the text where the result would be longer than `max`. */
export function fit(text: string, max: number): string {
  let fitted = '';
  for (const character of text) {
    const escaped = ESCAPES[character] ?? character;
    if (fitted.length + escaped.length > max - 1) return `${fitted}…`;
    fitted += escaped;
  }
  return fitted;
}
