import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { type HttpVendor, slackServer } from '../../../../test/support/vendor-servers.ts';
import { Secret } from '../../../lib/secret.ts';
import { slackNotifier } from './index.ts';

const never = new AbortController().signal;
let slack: HttpVendor;

beforeAll(async () => {
  slack = await slackServer();
});

afterAll(() => slack.stop());

beforeEach(() => {
  slack.force = null;
  slack.accepted.length = 0;
});

const notifier = () =>
  slackNotifier({ webhook: new Secret(slack.url), channel: null, fixedChannel: false, broken: null });

test('says what is wrong, since when, and where to look', async () => {
  expect(await notifier().send(outgoing(), never)).toEqual({ outcome: 'sent', detail: 'accepted (200)' });
  const text = JSON.stringify(slack.accepted[0]);
  for (const part of [
    '🔴 Firing: High Error Rate: 6 % of 3,000 requests failed in the last 5 min (limit 5 %), service api',
    '<https://ops.yumzoom.app/alerts/a1b2c3d4e5f60718-1|',
    '2026-01-05 10:01:30 UTC',
    '3,000 in 5 min',
    '6 %, limit 5 %',
    'a1b2c3d4e5f60718:1:0:slack/#alerts:firing',
  ]) {
    expect(text).toContain(part);
  }
  expect(slack.accepted[0]).toMatchObject({ channel: '#alerts' });
});

test('hostile and oversized content still is a message that Slack takes', async () => {
  const alerts = Array.from({ length: 80 }, (_, index) =>
    messageAlert({
      id: `alert-${index}`,
      summary: `<script>&|${'x'.repeat(4_000)}`,
      labels: { a: '<b>', c: 'y'.repeat(5_000) },
      annotations: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`note${n}`, 'long '.repeat(900)])),
    }),
  );
  const result = await notifier().send(outgoing({}, { title: `T${'t'.repeat(400)}`, alerts }), never);
  expect(result).toEqual({ outcome: 'sent', detail: 'accepted (200)' });
  expect(JSON.stringify(slack.accepted[0])).toContain('and 70 more');
});

test("Slack's own webhooks get no channel, for they ignore it", async () => {
  const own = slackNotifier({ webhook: new Secret(slack.url), channel: null, fixedChannel: true, broken: null });
  await own.send(outgoing(), never);
  expect(slack.accepted[0]).not.toHaveProperty('channel');
});

test.each([
  [
    '429',
    { status: 429, text: 'rate_limited', headers: { 'retry-after': '30' } },
    { outcome: 'retry', retryAfterMs: 30_000, maybeDelivered: false },
  ],
  ['500', { status: 500, text: 'rollup_error' }, { outcome: 'retry', maybeDelivered: false }],
  [
    'a bad payload',
    { status: 400, text: 'invalid_payload' },
    { outcome: 'refused', reason: 'answered 400 invalid_payload' },
  ],
  ['a revoked webhook', { status: 404, text: 'no_service' }, { outcome: 'refused', reason: 'answered 404 no_service' }],
  [
    'a forbidden channel',
    { status: 403, text: 'action_prohibited' },
    { outcome: 'refused', reason: 'answered 403 action_prohibited' },
  ],
  ['an archived channel', { status: 410, text: 'channel_is_archived' }, { outcome: 'refused' }],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, { outcome: 'refused' }],
])('%s', async (_name, answer, result) => {
  slack.force = answer;
  expect(await notifier().send(outgoing(), never)).toMatchObject(result);
});

test('an endpoint that never answers may have the message', async () => {
  slack.force = { status: 0, hang: true };
  const abort = new AbortController();
  const sending = notifier().send(outgoing(), abort.signal);
  await expect.poll(() => slack.requests.at(-1)?.body).toContain('High Error Rate');
  abort.abort(new Error('no answer within 10 s'));
  expect(await sending).toEqual({ outcome: 'retry', reason: 'no answer within 10 s', maybeDelivered: true });
});

test('an endpoint that is not there cannot have it', async () => {
  const gone = await slackServer();
  await gone.stop();
  const away = slackNotifier({ webhook: new Secret(gone.url), channel: null, fixedChannel: false, broken: null });
  const result = await away.send(outgoing(), never);
  expect(result).toMatchObject({ outcome: 'retry', maybeDelivered: false });
  expect(JSON.stringify(result)).not.toContain('secret');
});
