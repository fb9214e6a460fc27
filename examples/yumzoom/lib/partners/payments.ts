import 'server-only';
import { config } from '@/lib/config';
import { callPartner } from '@/lib/partners/partner';

/** Charges a guest. @returns the payment's reference */
export async function charge(userId: number, totalCents: number): Promise<string> {
  const { url, key } = config.partners.payments();
  const body = { customer: userId, amount: totalCents, currency: 'usd' };
  const answer = await callPartner<{ id: string }>({
    partner: 'stripe',
    what: 'a charge',
    url: `${url}/v1/charges`,
    key,
    body,
  });
  return answer.id;
}
