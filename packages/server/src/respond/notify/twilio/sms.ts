import { clip } from '../clip.ts';
import type { Notifier, Outgoing } from '../notifier.ts';
import { replyCode } from '../reply.ts';
import { createOnce } from './api.ts';
import { callbackUrl, isReachable } from './callback.ts';
import type { TwilioIntegration } from './config.ts';

/** One message of the network in its 7-bit alphabet. */
const TEXT_MAX = 160;
/** Characters of that alphabet that take two places. */
const WIDE = /[[\]{}\\^~|]/g;

/** SMS through Twilio. */
export function smsNotifier(twilio: TwilioIntegration): Notifier {
  return {
    send(message, signal) {
      const { publicUrl, id } = message;
      const status: [string, string][] = isReachable(publicUrl)
        ? [['StatusCallback', callbackUrl(publicUrl, 'status', id)]]
        : [];
      const mark = markOf(message);
      return createOnce(
        twilio,
        {
          collection: 'Messages',
          fields: [['Body', smsText(message)], ...status],
          isOurs: ({ body }) => typeof body === 'string' && body.includes(mark),
        },
        message,
        signal,
      );
    },
  };
}

/** The text of an SMS: what is wrong, how to reply, and the mark by which it is found again. At most 160 characters. */
export function smsText(message: Outgoing): string {
  const tail = [replyHint(message), markOf(message)].filter((part) => part !== '').join(' ');
  const head = sevenBit(`${message.body.severity.toUpperCase()} ${message.body.title}`);
  return `${clip(head, TEXT_MAX - tail.length - 1).replace(/…$/, '.')} ${tail}`;
}

function replyHint({ body, publicUrl }: Outgoing): string {
  const firing = body.alerts.filter(({ status }) => status === 'firing');
  const [first] = firing;
  if (!first || body.kind === 'resolved' || body.kind === 'meta' || !isReachable(publicUrl)) return '';
  if (firing.length > 1) return 'Reply aa=ack all';
  const code = replyCode(first.id);
  return `Reply ${code}a=ack (e=escalate c=close)`;
}

function markOf({ id }: Outgoing): string {
  return `#${id.slice(0, 8)}`;
}

/** Only characters that take one place in the 7-bit alphabet. */
function sevenBit(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll('…', '...')
    .replaceAll(/[–—]/g, '-')
    .replaceAll(/[‘’`]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll(WIDE, '/')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
