import { z } from 'zod';
import { type Received, type StrictVendor, strictVendor, type VendorAnswer } from '../strict-vendor.ts';

export const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef';
export const AUTH_TOKEN = '12345678901234567890123456789012';
export const OUR_NUMBER = '+15017122661';

const number = z.string().regex(/^\+[1-9]\d{6,14}$/);
const message = z.strictObject({
  To: number,
  From: z.literal(OUR_NUMBER),
  Body: z.string().min(1).max(1_600),
  StatusCallback: z.url({ protocol: /^https$/ }).optional(),
});
const call = z.strictObject({
  To: number,
  From: z.literal(OUR_NUMBER),
  Twiml: z.string().max(4_000).startsWith('<?xml version="1.0" encoding="UTF-8"?><Response>').endsWith('</Response>'),
  StatusCallback: z.url({ protocol: /^https$/ }).optional(),
  StatusCallbackEvent: z.enum(['initiated', 'ringing', 'answered', 'completed']).optional(),
});

export interface TwilioServer extends StrictVendor {
  /** Messages and calls that were made, as Twilio lists them. */
  made: Record<string, string>[];
  /** Makes what is asked, and then says nothing. */
  silent: boolean;
}

type Made = Pick<TwilioServer, 'made' | 'silent'>;

/** Takes what Twilio documents for creating and listing messages and calls, and remembers them. */
export async function twilioServer(now: () => number): Promise<TwilioServer> {
  const own: Made = { made: [], silent: false };
  const vendor: TwilioServer = Object.assign(await strictVendor((request) => judge(request, vendor, now)), own);
  return vendor;
}

function judge(request: Received, vendor: Made, now: () => number): VendorAnswer {
  const pair = Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString('base64');
  if (request.headers.authorization !== `Basic ${pair}`) return refusal(401, 20_003, 'Authenticate');
  const path = new RegExp(`^/2010-04-01/Accounts/${ACCOUNT_SID}/(Messages|Calls)\\.json$`).exec(request.path);
  if (!path) return refusal(404, 20_404, 'The requested resource was not found');
  const collection = path[1] as 'Messages' | 'Calls';
  return request.method === 'GET' ? list(request, vendor, collection) : create(request, vendor, collection, now);
}

function list({ query }: Received, { made }: Made, collection: 'Messages' | 'Calls'): VendorAnswer {
  for (const name of query.keys()) if (!['To', 'From', 'PageSize'].includes(name)) return refusal(400, 20_001, name);
  const found = made.filter(
    (one) => one['collection'] === collection && one['to'] === query.get('To') && one['from'] === query.get('From'),
  );
  return { status: 200, json: { [collection.toLowerCase()]: found.toReversed(), page_size: 100, next_page_uri: null } };
}

function create(request: Received, vendor: Made, collection: 'Messages' | 'Calls', now: () => number): VendorAnswer {
  if (request.headers['content-type'] !== 'application/x-www-form-urlencoded') return refusal(400, 21_000, 'type');
  const fields = Object.fromEntries(new URLSearchParams(request.body));
  const read = (collection === 'Messages' ? message : call).safeParse(fields);
  if (!read.success) return refusal(400, 21_211, z.prettifyError(read.error));
  const sid = `${collection === 'Messages' ? 'SM' : 'CA'}${String(vendor.made.length).padStart(32, '0')}`;
  vendor.made.push({
    collection,
    sid,
    to: read.data.To,
    from: read.data.From,
    direction: 'outbound-api',
    status: 'queued',
    date_created: new Date(now()).toUTCString().replace('GMT', '+0000'),
    body: fields['Body'] ?? '',
  });
  return vendor.silent ? { status: 0, hang: true } : { status: 201, json: { sid, status: 'queued' } };
}

function refusal(status: number, code: number, text: string): VendorAnswer {
  return { status, json: { code, message: text, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
}
