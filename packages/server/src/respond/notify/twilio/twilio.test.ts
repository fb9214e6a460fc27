import { describe, expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import type { StrictVendor } from '../../../../test/support/strict-vendor.ts';
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  OUR_NUMBER,
  type TwilioServer,
  twilioServer,
} from '../../../../test/support/vendors/twilio.ts';
import { Secret } from '../../../lib/secret.ts';
import type { Notifier, Outgoing } from '../notifier.ts';
import { replyCode } from '../reply.ts';
import { callNotifier } from './call.ts';
import type { TwilioIntegration } from './config.ts';
import { smsNotifier, smsText } from './sms.ts';

const never = new AbortController().signal;
const PHONE = '+442071838750';
const OTHER = '+442071838751';
const at = outgoing().createdAt;
let now = at;

function account(vendor: StrictVendor, token = AUTH_TOKEN): TwilioIntegration {
  const sid = new Secret(ACCOUNT_SID);
  return { accountSid: sid, authToken: new Secret(token), from: OUR_NUMBER, base: vendor.base, broken: null };
}

describe.each([
  ['SMS', 'Messages', smsNotifier, '#01234567'],
  ['calls', 'Calls', callNotifier, 'message=01234567'],
])('%s', (_name, collection, make, carries) => {
  const { vendor } = notifierContract({
    start: async () => twilioServer(() => now),
    notifier: (server) => make(account(server)),
    revoked: (server) => make(account(server, 'revoked-secret')),
    target: PHONE,
    limited: { status: 429, json: { code: 20_429, message: 'Too many requests' }, headers: { 'retry-after': '30' } },
    refusal: {
      answer: { status: 400, json: { code: 21_211, message: "The 'To' number is not valid.", status: 400 } },
      said: "The 'To' number is not valid. (21211)",
    },
    revokedSaid: 'Authenticate (20003)',
    carries,
  });
  const server = () => vendor() as TwilioServer;
  const message = (fields: Partial<Outgoing> = {}) => outgoing({ target: PHONE, ...fields });
  const made = () => server().made.filter((one) => one['to'] === PHONE).length;

  /** Sends, and loses the answer. */
  async function sendAndLose(notifier: Notifier): Promise<void> {
    const abort = new AbortController();
    server().silent = true;
    const before = server().made.length;
    const sending = notifier.send(message(), abort.signal);
    await expect.poll(() => server().made.length).toBe(before + 1);
    abort.abort(new Error('no answer within 10 s'));
    expect(await sending).toMatchObject({ outcome: 'retry', maybeDelivered: true });
    server().silent = false;
  }

  test('what arrived without an answer is found and not sent again', async () => {
    server().made.length = 0;
    await sendAndLose(make(account(server())));
    const result = await make(account(server())).send(message({ attempt: 2 }), never);
    expect(result).toMatchObject({ outcome: 'sent', detail: 'Twilio had it already' });
    expect(made()).toBe(1);
  });

  test('what did not arrive is sent after the look-up', async () => {
    server().made.length = 0;
    server().made.push({
      ...{ collection, sid: 'X1', to: PHONE, from: OUR_NUMBER, direction: 'outbound-api', status: 'completed' },
      ...{ date_created: new Date(at - 60_000).toUTCString(), body: 'CRITICAL an earlier one #01234567' },
    });
    const result = await make(account(server())).send(message({ attempt: 2 }), never);
    expect(result).toMatchObject({ outcome: 'sent', detail: 'accepted (201)' });
    expect(server().requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  test('what failed at the network is sent again', async () => {
    server().made.length = 0;
    await sendAndLose(make(account(server())));
    for (const one of server().made) one['status'] = 'failed';
    await make(account(server())).send(message({ attempt: 2 }), never);
    expect(made()).toBe(2);
  });

  test('is not looked up where every earlier attempt was refused', async () => {
    await make(account(server())).send(message({ attempt: 3, uncertainSince: null }), never);
    expect(server().requests.map(({ method }) => method)).toEqual(['POST']);
  });

  test('a look-up that fails sends nothing', async () => {
    server().force = { status: 503 };
    const result = await make(account(server())).send(message({ attempt: 2 }), never);
    expect(result).toMatchObject({ outcome: 'retry', maybeDelivered: true });
    expect(server().requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test('status callbacks only where Twilio can reach us', async () => {
    await make(account(server())).send(message(), never);
    expect(server().accepted.at(-1)?.body).toContain(
      new URLSearchParams({
        StatusCallback: `https://ops.yumzoom.app/integrations/twilio/status?message=${message().id}`,
      }).toString(),
    );
    for (const publicUrl of [
      'http://127.0.0.1:4600',
      'http://localhost:4600',
      'http://ops:4600',
      'http://[::1]:4600',
    ]) {
      await make(account(server())).send(message({ publicUrl }), never);
      expect(server().accepted.at(-1)?.body).not.toContain('StatusCallback');
    }
  });
});

test('an SMS fits into 160 characters of the 7-bit alphabet and says how to reply', () => {
  const long = outgoing({ target: PHONE }, { title: `Firing: café ‘x’ 🍕 [a]${' and on'.repeat(60)}` });
  const code = replyCode('a1b2c3d4e5f60718-1');
  expect(smsText(long)).toMatch(/^CRITICAL Firing: cafe 'x' \/a\/ and on/);
  expect(smsText(long)).toHaveLength(160);
  expect(smsText(long)).toMatch(/^[\x20-\x7e]+$/);
  expect(smsText(long)).toContain(`Reply ${code}a=ack (e=escalate c=close) #01234567`);
  const several = outgoing({}, { alerts: [messageAlert(), messageAlert({ id: 'b-1' })] });
  expect(smsText(several)).toContain('Reply aa=ack all');
  expect(smsText(outgoing({ publicUrl: 'http://localhost:4600' }))).not.toContain('Reply');
});

test('a call says what is wrong and waits for a key', async () => {
  const server = await twilioServer(() => now);
  try {
    const body = { title: 'Firing: <a> & "b"' };
    await callNotifier(account(server)).send(outgoing({ target: PHONE }, body), never);
    const twiml = new URLSearchParams(server.accepted[0]?.body).get('Twiml') ?? '';
    expect(twiml).toContain('numDigits="1"');
    expect(twiml).toContain('Firing: &lt;a&gt; &amp; &quot;b&quot;');
    expect(twiml).toContain('Press 4 to acknowledge, 5 to escalate, 6 to resolve.');
    expect(twiml).toContain(
      'action="https://ops.yumzoom.app/integrations/twilio/keypad?message=0123456789abcdef0123456789abcdef"',
    );
    await callNotifier(account(server)).send(outgoing({ target: PHONE, publicUrl: 'http://localhost:4600' }), never);
    expect(server.accepted[1]?.body).not.toContain('Gather');
  } finally {
    await server.stop();
  }
});

test('a call of any of several interrupted attempts is not made again, however long after the first', async () => {
  const server = await twilioServer(() => now);
  try {
    now = at + 120_000;
    await callNotifier(account(server)).send(outgoing({ target: PHONE, attempt: 2, uncertainSince: at }), never);
    const again = outgoing({ target: PHONE, attempt: 3, uncertainSince: at });
    expect(await callNotifier(account(server)).send(again, never)).toMatchObject({ detail: 'Twilio had it already' });
    expect(server.made).toHaveLength(1);
  } finally {
    now = at;
    await server.stop();
  }
});

test('a later call to the same number is another', async () => {
  const server = await twilioServer(() => now);
  try {
    now = at + 120_000;
    await callNotifier(account(server)).send(outgoing({ target: PHONE, id: 'ffff' }), never);
    const lost = outgoing({ target: PHONE, attempt: 2, uncertainSince: at + 1_000 });
    expect(await callNotifier(account(server)).send(lost, never)).toMatchObject({ detail: 'accepted (201)' });
    expect(await callNotifier(account(server)).send({ ...lost, target: OTHER }, never)).toMatchObject({
      detail: 'accepted (201)',
    });
    expect(server.made).toHaveLength(3);
  } finally {
    now = at;
    await server.stop();
  }
});
