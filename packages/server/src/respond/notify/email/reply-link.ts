import { createHmac } from 'node:crypto';
import { type Keyring, signerOf } from '../../../lib/keyring.ts';

/** A link is good for so long after its message. */
const GOOD_FOR_MS = 7 * 86_400_000;

/** What a link in an e-mail stands for. */
export interface MailReply {
  /** Id of the message. */
  message: string;
  /** The address that got it. */
  to: string;
}

/** Makes the address at which whoever got a message can act on its alerts. `now`: ms since the epoch. */
export type ReplyLink = (reply: MailReply & { now: number }) => string;

/**
 * Links that stand for a message and its receiver, signed so that nobody can make one.
 * @param publicUrl base of links, without a slash at the end
 */
export function replyLinks(secret: string, publicUrl: string): ReplyLink {
  return ({ message, to, now }) => {
    const content = Buffer.from(JSON.stringify([message, to, now + GOOD_FOR_MS])).toString('base64url');
    return `${publicUrl}/reply/${content}.${sign(secret, content)}`;
  };
}

/** What a token stands for; undefined when it was not made by us or is too old. */
export function readReplyToken(ring: Keyring, token: string, now: number): MailReply | undefined {
  const [content = '', signature = ''] = token.split('.');
  if (signerOf(ring, (secret) => sign(secret, content), signature) === undefined) return undefined;
  const [message, to, until] = JSON.parse(Buffer.from(content, 'base64url').toString('utf8')) as [
    string,
    string,
    number,
  ];
  return until > now ? { message, to } : undefined;
}

function sign(secret: string, content: string): string {
  return createHmac('sha256', secret).update(`reply:${content}`).digest('base64url');
}
