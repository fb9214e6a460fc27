import nodemailer, { type Transporter } from 'nodemailer';
import { messageOf } from '../../../lib/errors.ts';
import type { DeliveryResult, Notifier, Outgoing } from '../notifier.ts';
import type { SmtpIntegration } from './config.ts';
import { emailContent } from './content.ts';

const TIMEOUT_MS = 9_000;

/** E-mail through an SMTP server. The Message-ID follows from the message, so that mail systems drop a duplicate. */
export function emailNotifier(integration: SmtpIntegration): Notifier {
  return {
    async send(message, signal) {
      const transport = nodemailer.createTransport({
        url: integration.url.reveal(),
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const aborted = new Promise<DeliveryResult>((resolve) => {
        signal.addEventListener('abort', () => resolve(lost(messageOf(signal.reason))), { once: true });
      });
      try {
        return await Promise.race([deliver(transport, integration.from, message), aborted]);
      } finally {
        transport.close();
      }
    },
  };
}

async function deliver(transport: Transporter, from: string, message: Outgoing): Promise<DeliveryResult> {
  const domain =
    from
      .split('@')
      .at(-1)
      ?.replace(/[^a-z0-9.-]/gi, '') || 'yumops';
  const thread = message.body.alerts[0]?.id ?? message.id;
  try {
    const info: { response?: string | undefined } = await transport.sendMail({
      from,
      to: message.target,
      ...emailContent(message),
      messageId: `<${message.id}@${domain}>`,
      references: `<alert-${thread}@${domain}>`,
      inReplyTo: `<alert-${thread}@${domain}>`,
      date: new Date(message.createdAt),
      headers: { 'X-YumOps-Key': message.key, 'Auto-Submitted': 'auto-generated' },
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
