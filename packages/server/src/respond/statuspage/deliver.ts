import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { type DeliveryResult, exchange, judgeAnswer, type Mail } from '../notify/index.ts';
import type { StatusMessage } from './outbox.ts';
import { escapeHtml } from './render/index.ts';
import type { SubscriberLinks } from './subscribers.ts';

const TIMEOUT_MS = 10_000;

export interface DeliverDeps {
  /** Undefined = no mail can be sent. */
  mail: ((mail: Mail, signal: AbortSignal) => Promise<DeliveryResult>) | undefined;
  links: SubscriberLinks;
  title: string;
  /** Where visitors find the page, without a slash at the end. */
  url: string;
  allowPrivate: boolean;
  clock: Clock;
}

/** Makes one attempt; never throws. */
export async function deliver(message: StatusMessage, deps: DeliverDeps): Promise<DeliveryResult> {
  const abort = new AbortController();
  const timer = deps.clock.after(TIMEOUT_MS, () => abort.abort(new Error('no answer within 10 s')));
  try {
    if (message.subscriber.channel === 'webhook') return await post(message, deps, abort.signal);
    if (!deps.mail) return { outcome: 'retry', reason: 'no SMTP integration works', maybeDelivered: false };
    return await deps.mail(mailOf(message, deps), abort.signal);
  } catch (error) {
    return { outcome: 'retry', reason: messageOf(error), maybeDelivered: true };
  } finally {
    timer.cancel();
  }
}

function linksOf({ subscriber: { id } }: StatusMessage, { links, url }: DeliverDeps) {
  return {
    confirm: `${url}/confirm/${links.token(id, 'confirm')}`,
    unsubscribe: `${url}/unsubscribe/${links.token(id, 'unsubscribe')}`,
  };
}

function mailOf(message: StatusMessage, deps: DeliverDeps): Mail {
  const { id, subscriber, update, createdAt } = message;
  const { confirm, unsubscribe } = linksOf(message, deps);
  const lines =
    update === null
      ? [
          `Somebody, probably you, wants news of ${deps.title} at this address. Confirm it here:`,
          confirm,
          'If it was not you, do nothing.',
        ]
      : [update.body, `${deps.url}/incidents/${update.postId}`, `No more of these mails: ${unsubscribe}`];
  const subject =
    update === null
      ? `Confirm: news of ${deps.title}`
      : `${deps.title}: ${update.title} (${update.status.replace('_', ' ')})`;
  const html = lines.map((line) => `<p>${linked(line)}</p>`).join('\n');
  return {
    ...{ to: subscriber.address, subject: subject.slice(0, 200), text: lines.join('\n\n') },
    html: `<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:14px;line-height:1.5">${html}</body></html>`,
    id: `status-${id}`,
    date: createdAt,
    // Mail programs offer one click to end it (RFC 8058); that of a confirmation is to do nothing.
    headers:
      update === null
        ? {}
        : { 'List-Unsubscribe': `<${unsubscribe}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
  };
}

function linked(line: string): string {
  return escapeHtml(line).replaceAll(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}">${url}</a>`);
}

async function post(message: StatusMessage, deps: DeliverDeps, signal: AbortSignal): Promise<DeliveryResult> {
  const { update, subscriber } = message;
  const { confirm, unsubscribe } = linksOf(message, deps);
  const body =
    update === null
      ? { event: 'confirm', page: deps.title, confirm, hint: 'Open this address to get news of the status page here.' }
      : {
          event: 'update',
          page: deps.title,
          incident: { id: update.postId, name: update.title, url: `${deps.url}/incidents/${update.postId}` },
          update: { id: update.id, status: update.status, body: update.body, at: new Date(update.at).toISOString() },
          unsubscribe,
        };
  const answer = await exchange(
    {
      url: subscriber.address,
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-yumops-delivery': message.id },
      body: JSON.stringify(body),
      publicOnly: !deps.allowPrivate,
    },
    signal,
  );
  return 'outcome' in answer ? answer : judgeAnswer(answer);
}
