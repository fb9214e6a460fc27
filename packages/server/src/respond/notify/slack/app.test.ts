import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { lastTaken, type StrictVendor } from '../../../../test/support/strict-vendor.ts';
import { SLACK_TOKEN, slackAppServer } from '../../../../test/support/vendors/slack-app.ts';
import { Secret } from '../../../lib/secret.ts';
import { markClicked, slackAppNotifier } from './app.ts';

const never = new AbortController().signal;

const appOf = (vendor: StrictVendor, token = SLACK_TOKEN) => ({
  botToken: new Secret(token),
  signingSecret: new Secret('8f742231b10e8888abcd99yyyzzz85a5'),
  base: `${vendor.base}/api`,
});
const notifier = (vendor: StrictVendor, token = SLACK_TOKEN) => slackAppNotifier(appOf(vendor, token));

const { vendor } = notifierContract({
  start: slackAppServer,
  notifier,
  revoked: (server) => notifier(server, 'revoked-secret'),
  target: '#alerts',
  limited: { status: 429, json: { ok: false, error: 'ratelimited' }, headers: { 'retry-after': '30' } },
  refusal: { answer: { status: 200, json: { ok: false, error: 'is_archived' } }, said: 'is_archived' },
  revokedSaid: 'invalid_auth',
  carries: 'a1b2c3d4e5f60718:1:0:slack/#alerts:firing',
});

test('the first message has buttons that name it', async () => {
  const result = await notifier(vendor()).send(outgoing(), never);
  expect(result).toMatchObject({ outcome: 'sent', receipt: expect.stringMatching(/^C024BE91L\/1503435956\.\d{6}$/) });
  const { blocks } = lastTaken<{ blocks: { type: string }[] }>(vendor());
  expect(blocks.at(-1)).toMatchObject({
    type: 'actions',
    elements: [
      { action_id: 'yumops_acknowledge', value: outgoing().id },
      { action_id: 'yumops_escalate', value: outgoing().id },
      { action_id: 'yumops_resolve', value: outgoing().id },
      { action_id: 'yumops_declare', value: outgoing().id },
    ],
  });
});

test('later steps are broadcast in the thread and call who is on call, or everybody there', async () => {
  const thread = 'C024BE91L/1503435956.000001';
  const mentions = ['U024BE7LH', 'U024BE7LJ'];
  await notifier(vendor()).send(outgoing({ thread, mentions }, { step: 1 }), never);
  expect(lastTaken(vendor())).toMatchObject({
    channel: 'C024BE91L',
    thread_ts: '1503435956.000001',
    reply_broadcast: true,
  });
  expect(vendor().accepted.at(-1)?.body).toContain('<@U024BE7LH> <@U024BE7LJ>');
  await notifier(vendor()).send(outgoing({ thread }, { step: 1 }), never);
  expect(vendor().accepted.at(-1)?.body).toContain('<!here>');
});

test('the end is told in the thread, and marks the first message', async () => {
  const alerts = [messageAlert({ status: 'resolved', endedAt: Date.UTC(2026, 0, 5, 10, 20) })];
  const message = outgoing(
    { thread: 'C024BE91L/1503435956.000001' },
    { kind: 'resolved', title: 'Resolved: it', alerts },
  );
  expect(await notifier(vendor()).send(message, never)).toMatchObject({ outcome: 'sent', detail: 'accepted (200)' });
  const [reply, mark] = vendor().accepted;
  expect(reply?.path).toBe('/api/chat.postMessage');
  expect(mark?.path).toBe('/api/chat.update');
  expect(lastTaken(vendor())).toMatchObject({ channel: 'C024BE91L', ts: '1503435956.000001', text: '🟢 Resolved: it' });
  expect(mark?.body).not.toContain('actions');
});

test('an end that was told counts, also when the first message could not be marked', async () => {
  const message = outgoing({ thread: 'C024BE91L/nonsense' }, { kind: 'resolved', alerts: [] });
  const result = await notifier(vendor()).send({ ...message, thread: 'C024BE91L/1503435956.000001' }, never);
  expect(result).toMatchObject({ outcome: 'sent' });
  expect(await notifier(vendor()).send(message, never)).toMatchObject({ outcome: 'refused' });
});

test.each([
  ['an outage of Slack', 'internal_error', 'retry'],
  ['a channel that is not there', 'channel_not_found', 'refused'],
  ['a bot that was not invited', 'not_in_channel', 'refused'],
  ['a revoked token', 'token_revoked', 'refused'],
])('%s', async (_name, error, outcome) => {
  vendor().force = { status: 200, json: { ok: false, error } };
  expect(await notifier(vendor()).send(outgoing(), never)).toEqual(
    outcome === 'retry'
      ? { outcome, reason: `answered ${error}`, maybeDelivered: false }
      : { outcome, reason: `answered ${error}` },
  );
});

test('without a signing secret there are no buttons', async () => {
  await slackAppNotifier({ ...appOf(vendor()), signingSecret: null }).send(outgoing(), never);
  expect(vendor().accepted[0]?.body).not.toContain('"actions"');
});

test('after a click the buttons give way to who clicked', async () => {
  await notifier(vendor()).send(outgoing(), never);
  const { text, blocks } = lastTaken<{ text: string; blocks: unknown[] }>(vendor());
  const message = { channel: 'C024BE91L', ts: '1503435956.000001', text, blocks };
  const answer = { done: true, text: 'Acknowledged by ann <&>' };
  const result = await markClicked(appOf(vendor()), message, answer, never);
  expect(result).toMatchObject({ outcome: 'sent' });
  expect(vendor().accepted.at(-1)?.body).toContain('Acknowledged by ann &lt;&amp;&gt;');
  expect(vendor().accepted.at(-1)?.body).not.toContain('"actions"');
  await markClicked(appOf(vendor()), message, { done: false, text: 'That alert is gone.' }, never);
  expect(vendor().accepted.at(-1)?.body).toContain('"actions"');
});
