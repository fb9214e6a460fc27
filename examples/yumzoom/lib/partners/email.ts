import 'server-only';
import { config } from '@/lib/config';
import { callPartner } from '@/lib/partners/partner';

/** Hands an e-mail to the sending service. */
export async function sendEmail(to: string, subject: string): Promise<void> {
  const { url, key } = config.partners.email();
  const body = { from: 'hello@yumzoom.app', to, subject };
  await callPartner<{ id: string }>({ partner: 'resend', what: 'sending an e-mail', url: `${url}/emails`, key, body });
}
