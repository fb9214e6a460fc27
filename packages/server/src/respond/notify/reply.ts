import { createHash } from 'node:crypto';

/** What somebody wants done from a phone or a chat. */
export type ReplyAction = 'acknowledge' | 'escalate' | 'resolve' | 'declare';

/** What somebody answered to a message, after the vendor's signature was verified. */
export interface Reply {
  action: ReplyAction;
  /** The alerts that are meant: those of a message, by the number of an SMS, or all that the sender was told of. */
  alerts: { message: string } | { code: string } | 'all';
  /** Who: a phone number in E.164, the id and name of a Slack user, or an e-mail address. */
  from: { phone: string } | { slack: string; name: string } | { email: string };
  via: 'sms' | 'phone' | 'slack' | 'email';
}

/** What became of a reply. */
export interface ReplyAnswer {
  done: boolean;
  /** One sentence for whoever replied. */
  text: string;
}

/** Does what a reply asks for. */
export type OnReply = (reply: Reply) => Promise<ReplyAnswer>;

/** The four digits by which an SMS names an alert; the same every time. */
export function replyCode(alertId: string): string {
  const number = createHash('sha256').update(alertId).digest().readUInt32BE(0);
  return String(1_000 + (number % 9_000));
}
