import type { Transporter } from 'nodemailer';
import { messageOf } from '../../../lib/errors.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import type { SmtpIntegration } from './config.ts';
import { emailContent } from './content.ts';

const TIMEOUT_MS = 9_000;

/** E-mail through an SMTP server. The Message-ID follows from the message, so that mail systems drop a duplicate. */
export function emailNotifier(integration: SmtpIntegration): Notifier {
  const send = mailSender(integration);
  return { send: (message, signal) => send(alertMail(message, integration.from), signal) };
}

/** One e-mail. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The same for every attempt, so that mail systems drop a duplicate. */
  id: string;
  /** What it answers to; left out = nothing. */
  thread?: string;
  /** Ms since the epoch. */
  date: number;
  headers: Readonly<Record<string, string>>;
}

/** Sends mails through an SMTP server; never throws for what the server or the network does. */
export function mailSender(integration: SmtpIntegration) {
  return async (mail: Mail, signal: AbortSignal): Promise<DeliveryResult> => {
    const aborted = new Promise<DeliveryResult>((resolve) => {
      signal.addEventListener('abort', () => resolve(lost(messageOf(signal.reason))), { once: true });
    });
    // Every command reads the configuration of mail, few send one.
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      url: integration.url.reveal(),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      return await Promise.race([deliver(transport, integration.from, mail), aborted]);
    } finally {
      transport.close();
    }
  };
}

function alertMail(message: Outgoing, from: string): Mail {
  const thread = message.body.alerts[0]?.id ?? message.id;
  return {
    to: message.target,
    ...emailContent(message),
    id: message.id,
    thread: `<alert-${thread}@${domainOf(from)}>`,
    date: message.createdAt,
    headers: { 'X-YumOps-Key': message.key },
  };
}

function domainOf(from: string): string {
  return (
    from
      .split('@')
      .at(-1)
      ?.replace(/[^a-z0-9.-]/gi, '') || 'yumops'
  );
}

async function deliver(transport: Transporter, from: string, mail: Mail): Promise<DeliveryResult> {
  const { to, subject, text, html, thread } = mail;
  try {
    const info: { response?: string | undefined } = await transport.sendMail({
      ...{ from, to, subject, text, html },
      messageId: `<${mail.id}@${domainOf(from)}>`,
      ...(thread !== undefined && { references: thread, inReplyTo: thread }),
      date: new Date(mail.date),
      headers: { ...mail.headers, 'Auto-Submitted': 'auto-generated' },
    });
    return { outcome: 'sent', detail: `accepted (${(info.response ?? '250').slice(0, 100)})` };
  } catch (error) {
    return judgeFailure(error);
  }
}

/** An SMTP answer of the 5xx class is final, anything else is worth another attempt. */
function judgeFailure(error: unknown): DeliveryResult {
  const { responseCode: status, command } = error as { responseCode?: unknown; command?: unknown };
  const reason = messageOf(error);
  if (typeof status === 'number' && status >= 500) return { outcome: 'refused', reason };
  if (typeof status === 'number' || command === 'CONN') {
    return { outcome: 'retry', reason, maybeDelivered: false };
  }
  return lost(reason);
}

function lost(reason: string): DeliveryResult {
  return { outcome: 'retry', reason, maybeDelivered: true };
}
