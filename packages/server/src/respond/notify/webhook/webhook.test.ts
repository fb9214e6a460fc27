import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { outgoing } from '../../../../test/support/outgoing.ts';
import { type HttpVendor, webhookServer } from '../../../../test/support/vendor-servers.ts';
import { FakeClock } from '../../../lib/clock.ts';
import { Secret } from '../../../lib/secret.ts';
import { webhookNotifier } from './index.ts';
import { sign, verify } from './signature.ts';

const never = new AbortController().signal;
const clock = new FakeClock();
let server: HttpVendor;

beforeAll(async () => {
  server = await webhookServer('s3cret', () => clock.now());
});

afterAll(() => server.stop());

beforeEach(() => {
  server.force = null;
  server.accepted.length = 0;
});

function notifier(secret: string | null = 's3cret', timeoutMs = 1_000) {
  const key = secret === null ? null : new Secret(secret);
  const receiver = {
    name: 'ops',
    url: new Secret(server.url),
    secret: key,
    timeoutMs,
    sendResolved: true,
    broken: null,
  };
  return webhookNotifier(receiver, clock);
}

test('sends signed JSON with the key of the message', async () => {
  expect(await notifier().send(outgoing({ target: 'ops' }), never)).toMatchObject({ outcome: 'sent' });
  expect(server.accepted[0]).toMatchObject({
    version: 1,
    kind: 'firing',
    severity: 'critical',
    rule: 'High Error Rate',
    alerts: [
      { status: 'firing', value: 6, threshold: 5, unit: '%', startsAt: '2026-01-05T10:01:30.000Z', endsAt: null },
    ],
  });
  expect(server.requests.at(-1)?.headers['x-yumops-key']).toBe('a1b2c3d4e5f60718:1:0:slack/#alerts:firing');
});

test('a wrong key is refused for good', async () => {
  const result = await notifier('other').send(outgoing({ target: 'ops' }), never);
  expect(result).toEqual({ outcome: 'refused', reason: 'answered 401 bad signature' });
});

test('the signature is the HMAC of time and body, and ages', () => {
  const at = 1_767_607_200_000;
  const header = sign('k', '{"a":1}', at);
  expect(header).toBe(`t=1767607200,v1=${createHmac('sha256', 'k').update('1767607200.{"a":1}').digest('hex')}`);
  expect(verify('k', '{"a":1}', header, at)).toBe(true);
  expect(verify('k', '{"a":2}', header, at)).toBe(false);
  expect(verify('k', '{"a":1}', header, at + 301_000)).toBe(false);
  expect(verify('k', '{"a":1}', 'v1=nonsense', at)).toBe(false);
});

test.each([
  ['429', { status: 429, headers: { 'retry-after': '7' } }, { outcome: 'retry', retryAfterMs: 7_000 }],
  [
    '503 with a date',
    { status: 503, headers: { date: 'Mon, 05 Jan 2026 10:00:00 GMT', 'retry-after': 'Mon, 05 Jan 2026 10:00:45 GMT' } },
    { outcome: 'retry', retryAfterMs: 45_000 },
  ],
  ['408', { status: 408 }, { outcome: 'retry' }],
  ['400', { status: 400 }, { outcome: 'refused' }],
])('%s', async (_name, answer, result) => {
  server.force = answer;
  expect(await notifier().send(outgoing({ target: 'ops' }), never)).toMatchObject(result);
});

test('waits no longer than its own timeout', async () => {
  server.force = { status: 0, hang: true };
  const before = server.requests.length;
  const sending = notifier('s3cret', 500).send(outgoing({ target: 'ops' }), never);
  await expect.poll(() => server.requests.length).toBe(before + 1);
  await clock.advance(500);
  expect(await sending).toEqual({ outcome: 'retry', reason: 'no answer within 0.5 s', maybeDelivered: true });
});
