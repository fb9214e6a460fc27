import { type Answer, exchange, judgeAnswer, objectIn, postForm } from '../http-exchange.ts';
import { type DeliveryResult, mayHaveArrivedSince, type Outgoing } from '../notifier.ts';
import type { TwilioIntegration } from './config.ts';

/** What differs between messages and calls. */
export interface TwilioResource {
  collection: 'Messages' | 'Calls';
  /** The fields of a new one, beside To and From. */
  fields: readonly (readonly [name: string, value: string])[];
  /** Whether one that Twilio lists is this message. `since`: no older one can be, ms since the epoch. */
  isOurs(listed: Record<string, unknown>, since: number): boolean;
}

/** Clocks of two machines differ by less. */
const CLOCK_SKEW_MS = 5_000;
const LISTED = 100;
const LOST: ReadonlySet<unknown> = new Set(['failed', 'canceled']);

/**
 * Creates a message or a call. When an earlier attempt may have arrived, Twilio is asked first whether it has it, for
 * nobody is to be called twice for one thing.
 */
export async function createOnce(
  twilio: TwilioIntegration,
  resource: TwilioResource,
  message: Outgoing,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const since = mayHaveArrivedSince(message);
  if (since !== null) {
    const found = await lookUp(twilio, resource, message.target, since, signal);
    if (found) return found;
  }
  const fields = [['To', message.target], ['From', twilio.from], ...resource.fields] as const;
  const answer = await postForm(address(twilio, resource), fields, credentials(twilio), signal);
  return 'outcome' in answer ? answer : judge(answer);
}

/** The result when Twilio has it already, or cannot say; undefined when it has not. */
async function lookUp(
  twilio: TwilioIntegration,
  resource: TwilioResource,
  to: string,
  since: number,
  signal: AbortSignal,
): Promise<DeliveryResult | undefined> {
  const query = new URLSearchParams({ To: to, From: twilio.from, PageSize: String(LISTED) });
  const url = `${address(twilio, resource)}?${query}`;
  const answer = await exchange({ url, method: 'GET', headers: credentials(twilio) }, signal);
  if ('outcome' in answer) return answer.outcome === 'retry' ? { ...answer, maybeDelivered: true } : answer;
  const listed = objectIn(answer)[resource.collection.toLowerCase()];
  if (answer.status !== 200 || !Array.isArray(listed)) {
    const judged = judge({ ...answer, status: answer.status === 200 ? 502 : answer.status });
    return judged.outcome === 'retry' ? { ...judged, maybeDelivered: true } : judged;
  }
  const ours = listed.find(
    (item: Record<string, unknown>) =>
      !LOST.has(item['status']) &&
      Date.parse(String(item['date_created'])) >= since - CLOCK_SKEW_MS &&
      resource.isOurs(item, since),
  ) as { sid?: unknown } | undefined;
  if (!ours) return undefined;
  return { outcome: 'sent', detail: 'Twilio had it already', receipt: String(ours.sid) };
}

function address(twilio: TwilioIntegration, resource: TwilioResource): string {
  return `${twilio.base}/2010-04-01/Accounts/${twilio.accountSid.reveal()}/${resource.collection}.json`;
}

function credentials(twilio: TwilioIntegration): { authorization: string } {
  const pair = `${twilio.accountSid.reveal()}:${twilio.authToken.reveal()}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function judge(answer: Answer): DeliveryResult {
  const { message, code, sid } = objectIn(answer);
  const said = typeof message === 'string' ? `${message}${typeof code === 'number' ? ` (${code})` : ''}` : answer.text;
  const judged = judgeAnswer(answer, said);
  return judged.outcome === 'sent' && typeof sid === 'string' ? { ...judged, receipt: sid } : judged;
}
