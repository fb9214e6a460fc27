import { type Answer, judgeAnswer, objectIn, postJson } from '../http-exchange.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import type { ReplyAnswer } from '../reply.ts';
import type { SlackApp } from './config.ts';
import { type Block, fit, markdown, slackPayload } from './payload.ts';

/** Errors of the Web API after which another attempt may help. */
const PASSING: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** Of the text of a context block. */
const TEXT_MAX = 2_000;

/** Names of the buttons, as they come back. */
export const BUTTONS = {
  acknowledge: 'yumops_acknowledge',
  escalate: 'yumops_escalate',
  resolve: 'yumops_resolve',
  declare: 'yumops_declare',
} as const;

type ButtonName = keyof typeof BUTTONS;
const LABELS: Record<ButtonName, string> = {
  acknowledge: 'Acknowledge',
  escalate: 'Escalate',
  resolve: 'Resolve',
  declare: 'Declare incident',
};
const ALL_BUTTONS: readonly ButtonName[] = ['acknowledge', 'escalate', 'resolve', 'declare'];
const AFTER_ACK: readonly ButtonName[] = ['escalate', 'resolve', 'declare'];

/**
 * Slack through an app: any channel that it may write to, later messages as broadcast replies in the thread of the
 * first, buttons, and the first message marked when it is over. A revoked token or an archived channel is final.
 */
export function slackAppNotifier(app: SlackApp): Notifier {
  return {
    async send(message, signal) {
      const thread = parseReceipt(message.thread);
      const { kind, notice } = message.body;
      if (!thread && kind === 'acknowledged') return { outcome: 'sent', detail: 'there is no message to mark' };
      const sent = await callSlack(app, 'chat.postMessage', postOf(message, thread, app), signal);
      const marks = kind === 'resolved' || kind === 'acknowledged' || notice?.marksFirst === true;
      if (!thread || !marks || sent.outcome !== 'sent') return sent;
      const buttons = kind === 'acknowledged' && app.signingSecret !== null ? AFTER_ACK : [];
      const marked = await callSlack(app, 'chat.update', { ...thread, ...contentOf(message, buttons) }, signal);
      if (marked.outcome === 'sent') return sent;
      return { ...sent, detail: `${sent.detail}; the first message was not marked: ${marked.reason}` };
    },
  };
}

/** Adds to a message what became of a click on one of its buttons; when it was done, the buttons go. */
export function markClicked(
  app: SlackApp,
  message: { channel: string; ts: string; text: string; blocks: readonly unknown[] },
  answer: ReplyAnswer,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const kept = message.blocks.filter((block) => !answer.done || (block as { type?: unknown }).type !== 'actions');
  const blocks = [...kept, { type: 'context', elements: [markdown(fit(answer.text, TEXT_MAX))] }];
  const { channel, ts, text } = message;
  return callSlack(app, 'chat.update', { channel, ts, text, blocks }, signal);
}

function postOf(message: Outgoing, thread: Receipt | null, app: SlackApp) {
  const { kind, alerts } = message.body;
  const open = kind !== 'resolved' && kind !== 'acknowledged' && alerts.some(({ status }) => status === 'firing');
  return {
    channel: thread?.channel ?? message.target,
    ...contentOf(message, open && app.signingSecret !== null ? ALL_BUTTONS : []),
    ...(thread ? { thread_ts: thread.ts, reply_broadcast: kind !== 'acknowledged' } : {}),
    unfurl_links: false,
    unfurl_media: false,
    metadata: { event_type: 'yumops_alert', event_payload: { key: message.key } },
  };
}

function contentOf(message: Outgoing, buttons: readonly ButtonName[]): { text: string; blocks: Block[] } {
  const { text, blocks } = slackPayload(message, null);
  const calls: Block[] = mentionsOf(message).map((who) => ({ type: 'section', text: markdown(who) }));
  return {
    text,
    blocks: [
      ...blocks.slice(0, 1),
      ...calls,
      ...blocks.slice(1),
      ...(buttons.length > 0 ? [buttonsOf(message, buttons)] : []),
    ],
  };
}

/** Later steps call whoever is on call, or everybody who is there. */
function mentionsOf({ body, thread, mentions = [] }: Outgoing): string[] {
  if (!thread || body.step === 0 || (body.kind !== 'firing' && body.kind !== 'repeat')) return [];
  return [mentions.length > 0 ? mentions.map((id) => `<@${id}>`).join(' ') : '<!here>'];
}

/** A button carries the id of its message, which stands for its alerts. */
function buttonsOf({ id: value }: Outgoing, names: readonly ButtonName[]): Block {
  return {
    type: 'actions',
    elements: names.map((name) => ({
      type: 'button',
      text: { type: 'plain_text', text: LABELS[name] },
      action_id: BUTTONS[name],
      value,
      ...(name === 'acknowledge' ? { style: 'primary' as const } : {}),
    })),
  };
}

/** Calls a method of the Web API, which answers 200 with `ok: false` when it refuses. */
async function callSlack(
  app: SlackApp,
  method: 'chat.postMessage' | 'chat.update',
  body: unknown,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const headers = { authorization: `Bearer ${app.botToken.reveal()}` };
  const answer = await postJson(`${app.base}/${method}`, body, headers, signal);
  return 'outcome' in answer ? answer : judgeSlack(answer);
}

function judgeSlack(answer: Answer): DeliveryResult {
  const { ok, error, channel, ts } = objectIn(answer);
  const said = typeof error === 'string' ? error : answer.text;
  if (answer.status !== 200) return judgeAnswer(answer, said);
  if (ok === true) {
    const receipt = typeof channel === 'string' && typeof ts === 'string' ? { receipt: `${channel}/${ts}` } : {};
    return { outcome: 'sent', detail: 'accepted (200)', ...receipt };
  }
  const reason = `answered ${said}`;
  return PASSING.has(said) ? { outcome: 'retry', reason, maybeDelivered: false } : { outcome: 'refused', reason };
}

interface Receipt {
  channel: string;
  ts: string;
}

function parseReceipt(text: string | null | undefined): Receipt | null {
  const [channel, ts] = (text ?? '').split('/');
  return channel && ts ? { channel, ts } : null;
}
