import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AlertRig, configOf, START } from '../../test/support/alert-rig.ts';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import type { StrictVendor } from '../../test/support/strict-vendor.ts';
import { SLACK_TOKEN, slackAppServer } from '../../test/support/vendors/slack-app.ts';
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  OUR_NUMBER,
  type TwilioServer,
  twilioServer,
} from '../../test/support/vendors/twilio.ts';
import { audit } from '../access/audit.ts';
import { replyRoutes } from '../http/reply.ts';
import { createHttpServer } from '../http/server.ts';
import { slackRoutes } from '../http/slack.ts';
import { type PhoneStatus, twilioRoutes } from '../http/twilio.ts';
import { opsgenieRoutes, pagerdutyRoutes } from '../http/vendor-deeds.ts';
import { FakeClock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { createLog } from '../lib/log.ts';
import { Secret } from '../lib/secret.ts';
import { alertsOfMessage, createAlerting } from '../respond/alerting/index.ts';
import { PostgresAlertStore } from '../respond/alerting/state/postgres.ts';
import { createNotifiers, replyCode, replyLinks } from '../respond/notify/index.ts';
import { signSlack } from '../respond/notify/slack/signature.ts';
import { signTwilio } from '../respond/notify/twilio/signature.ts';
import { actionsOf, makeReplies } from './replies.ts';

const PUBLIC = 'https://ops.yumzoom.app';
const PHONE = '+442071838750';
const SIGNING = '8f742231b10e8888abcd99yyyzzz85a5';
const RULE = 'condition: "last_load > 5", time_window: 30s, severity: critical, eval_interval: 15s';
const TWICE = '[{delay: 0, notify: [slack, sms, phone_call]}, {delay: 300, notify: [sms]}]';

let server: StateServer;
let slack: StrictVendor;
let twilio: TwilioServer;
let db: Db;
let app: FastifyInstance;
let rig: AlertRig;
let clock: FakeClock;
let statuses: PhoneStatus[];

beforeAll(async () => {
  server = await startStateServer();
  [slack, twilio] = await Promise.all([slackAppServer(), twilioServer(() => clock.now())]);
});

afterAll(() => Promise.all([server.stop(), slack.stop(), twilio.stop()]));

beforeEach(async () => {
  for (const vendor of [slack, twilio]) vendor.accepted.length = 0;
  twilio.made.length = 0;
  statuses = [];
  ({ db } = await server.database());
  clock = new FakeClock(START);
  const log = createLog(clock, () => undefined);
  const config = configOf(
    `  twilio: {account_sid: ${ACCOUNT_SID}, auth_token: "${AUTH_TOKEN}", from: "${OUR_NUMBER}", url: "${twilio.base}"}
people: [{name: Ada, phone: "${PHONE}", slack: U2CERLKJA}]
alert_rules:
  - {name: Load, ${RULE}, notifications: [{slack: "#ops"}, {sms: "${PHONE}"}, {phone_call: "${PHONE}"}], escalation: page}
escalation_policies:
  page: ${TWICE}
`,
  );
  const slackApp = {
    botToken: new Secret(SLACK_TOKEN),
    signingSecret: new Secret(SIGNING),
    base: `${slack.base}/api`,
  };
  const integrations = {
    ...config.integrations,
    slack: { app: slackApp, webhook: null, channel: null, fixedChannel: false, broken: null },
  };
  const store = new PostgresAlertStore(db, async () => clock.now());
  rig = new AlertRig(config, { clock, store, notifiers: () => createNotifiers(integrations, clock) });
  const alerting = createAlerting({
    ...{ db, config, audit, clock, log, publicUrl: PUBLIC, instance: 'web' },
    telemetry: { query: async () => [] } as never,
    watermark: () => undefined,
    monitorStates: async () => [],
    resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
    notifiers: () => new Map(),
  });
  app = await createHttpServer({ log, version: '0' });
  const onReply = makeReplies({
    db,
    config: () => config,
    actions: actionsOf(alerting, { declareForAlert: async () => ({ id: '', number: 0, created: true }) }, () =>
      clock.now(),
    ),
  });
  slackRoutes(app, { app: () => slackApp, onReply, clock, log });
  twilioRoutes(app, {
    account: () => integrations.twilio,
    onReply,
    onStatus: async (status) => void statuses.push(status),
    publicUrl: PUBLIC,
  });
  pagerdutyRoutes(app, {
    secrets: () => [SIGNING],
    onDeed: ({ action, alertId, by }) => alerting[action](alertId, by, 'pagerduty'),
  });
  opsgenieRoutes(app, {
    secrets: () => [SIGNING],
    onDeed: ({ action, alertId, by }) => alerting[action](alertId, by, 'opsgenie'),
  });
  replyRoutes(app, {
    ring: { current: SIGNING, previous: [] },
    onReply,
    alertsOf: async ({ message, to }) => (await alertsOfMessage(db, message, to)).map(({ summary }) => summary),
    clock,
  });
  rig.gauge('load', 0, 900, 15, 9);
  await rig.until(20);
});

afterEach(async () => {
  await app.close();
  await server.closeDatabases();
});

function form(url: string, fields: Record<string, string>, headers: Record<string, string>) {
  const payload = new URLSearchParams(fields).toString();
  return app.inject({
    method: 'POST',
    url,
    payload,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers },
  });
}

function fromTwilio(url: string, fields: Record<string, string>, token = AUTH_TOKEN) {
  const signature = signTwilio(token, PUBLIC + url, new URLSearchParams(fields));
  return form(url, fields, { 'x-twilio-signature': signature });
}

async function acks() {
  return db.query('SELECT id, ack_by AS by, ack_via AS via FROM alerts WHERE ack_by IS NOT NULL');
}

async function firingId(): Promise<string> {
  const [row] = await db.query<{ id: string }>("SELECT id FROM alerts WHERE state = 'firing'");
  return row?.id ?? '';
}

/** The address that Twilio calls when a key is pressed, as it stands in the call that was made. */
function keypadUrl(): string {
  const call = twilio.accepted.find(({ path }) => path.endsWith('/Calls.json'));
  const twiml = new URLSearchParams(call?.body).get('Twiml') ?? '';
  return (/action="https:\/\/ops\.yumzoom\.app([^"]+)"/.exec(twiml)?.[1] ?? '').replaceAll('&amp;', '&');
}

test('4 on the phone acknowledges, and the next step is not sent', async () => {
  const answer = await fromTwilio(keypadUrl(), { CallSid: 'CA1', Digits: '4', To: PHONE, From: OUR_NUMBER });
  expect(answer.headers['content-type']).toContain('text/xml');
  expect(answer.body).toContain('<Say>Acknowledged by Ada: Load.</Say>');
  expect(await acks()).toEqual([{ id: await firingId(), by: 'Ada', via: 'phone' }]);
  await rig.until(400);
  expect(twilio.made).toHaveLength(2);
});

test('5 on the phone sends the next step at once', async () => {
  const made = twilio.made.length;
  const answer = await fromTwilio(keypadUrl(), { CallSid: 'CA1', Digits: '5', To: PHONE, From: OUR_NUMBER });
  expect(answer.body).toContain('<Say>Escalated by Ada: Load.</Say>');
  await rig.until(90);
  expect(twilio.made).toHaveLength(made + 1);
});

test.each([
  ['6 on the phone', async () => fromTwilio(keypadUrl(), { CallSid: 'CA1', Digits: '6', To: PHONE })],
  [
    'its number and a c by SMS',
    async () => fromTwilio('/integrations/twilio/sms', { Body: `${replyCode(await firingId())}c`, From: PHONE }),
  ],
  ['the button in Slack', () => click('yumops_resolve', buttonValue())],
])('%s resolves, and everybody is told', async (_name, reply) => {
  expect((await reply()).statusCode).toBe(200);
  await rig.until(100);
  const [alert] = await db.query<{ state: string; resolve_reason: string }>('SELECT state, resolve_reason FROM alerts');
  expect(alert).toMatchObject({ state: 'resolved', resolve_reason: expect.stringContaining('Ada resolved it by') });
  const told = await db.query(`SELECT channel FROM alert_messages WHERE kind = 'resolved' ORDER BY channel`);
  expect(told.map(({ channel }) => channel)).toEqual(['phone_call', 'slack', 'sms']);
});

test('the link in an e-mail shows what fires, and a button acts', async () => {
  const [message] = await db.query<{ id: string; target: string }>(`SELECT id, target FROM alert_messages LIMIT 1`);
  const { id = '', target = '' } = message ?? {};
  const path = new URL(replyLinks(SIGNING, PUBLIC)({ message: id, to: target, now: clock.now() })).pathname;
  const page = await app.inject({ url: path });
  expect(page.body).toContain('<button name="action" value="acknowledge">');
  expect(page.headers['content-security-policy']).toContain("form-action 'self'");
  expect(await acks()).toEqual([]);
  expect((await form(path, { action: 'acknowledge' }, {})).body).toContain('Acknowledged by');
  expect(await acks()).toMatchObject([{ via: 'email' }]);
  expect((await form(`${path.slice(0, -1)}_`, { action: 'resolve' }, {})).statusCode).toBe(404);
  await clock.advance(8 * 86_400_000);
  expect((await app.inject({ url: path })).statusCode).toBe(404);
});

test('who acknowledges or resolves in PagerDuty does it here too', async () => {
  const id = await firingId();
  const send = (type: string, agent: string, key = `yumops:${id.replace('-', ':')}`, secret = SIGNING) => {
    const data = { id: 'PGR0VU2', type: 'incident', incident_key: key };
    const event = {
      id: '01',
      event_type: type,
      occurred_at: '2026-01-05T10:00:00Z',
      agent: { type: agent, summary: 'Ada L' },
      data,
    };
    const payload = JSON.stringify({ event });
    const signature = `v1=${'0'.repeat(64)},v1=${createHmac('sha256', secret).update(payload).digest('hex')}`;
    const headers = { 'content-type': 'application/json', 'x-pagerduty-signature': signature };
    return app.inject({ method: 'POST', url: '/integrations/pagerduty/webhook', payload, headers });
  };
  expect((await send('incident.acknowledged', 'user_reference', undefined, 'another')).statusCode).toBe(401);
  expect((await send('incident.acknowledged', 'inbound_integration_reference')).statusCode).toBe(202);
  expect((await send('incident.acknowledged', 'user_reference', 'of another system')).statusCode).toBe(202);
  expect((await send('incident.acknowledged', 'user_reference', 'yumops:0123456789abcdef:7')).statusCode).toBe(202);
  expect(await acks()).toEqual([]);
  expect((await send('incident.acknowledged', 'user_reference')).statusCode).toBe(202);
  expect(await acks()).toEqual([{ id, by: 'Ada L', via: 'pagerduty' }]);
  await send('incident.resolved', 'user_reference');
  expect(await db.query('SELECT state FROM alerts')).toEqual([{ state: 'resolved' }]);
});

test('who acknowledges or closes in Opsgenie does it here too', async () => {
  const id = await firingId();
  const alias = `yumops:${id.replace('-', ':')}`;
  const send = (action: string, more: object = {}, secret = SIGNING) => {
    const alert = { alertId: '44f717bf', message: 'Load', alias, tinyId: '12', username: 'ada@example.com', ...more };
    const payload = { action, source: { name: '', type: 'web' }, alert, integrationName: 'YumOps', ...more };
    const headers = { authorization: `Bearer ${secret}` };
    return app.inject({ method: 'POST', url: '/integrations/opsgenie/webhook', payload, headers });
  };
  expect((await send('Acknowledge', {}, 'another')).statusCode).toBe(401);
  expect((await send('Create')).statusCode).toBe(202);
  expect((await send('Acknowledge', { source: { name: 'YumOps', type: 'api' } })).statusCode).toBe(202);
  expect((await send('Acknowledge', { username: 'System' })).statusCode).toBe(202);
  expect((await send('Acknowledge', { alias: 'of another system' })).statusCode).toBe(202);
  expect((await send('Acknowledge', { alias: 'yumops:0123456789abcdef:7' })).statusCode).toBe(202);
  expect(await acks()).toEqual([]);
  expect((await send('Acknowledge')).statusCode).toBe(202);
  expect(await acks()).toEqual([{ id, by: 'ada@example.com', via: 'opsgenie' }]);
  await send('Close');
  expect(await db.query('SELECT state FROM alerts')).toEqual([{ state: 'resolved' }]);
});

test('a key without a meaning asks again', async () => {
  const answer = await fromTwilio(keypadUrl(), { CallSid: 'CA1', Digits: '9', To: PHONE });
  expect(answer.body).toContain('That key has no meaning here.');
  expect(answer.body).toContain('numDigits="1"');
  expect(await acks()).toEqual([]);
});

test.each([
  ['its number', (id: string) => ` ${replyCode(id)} A `],
  ['all', () => 'aa'],
])('an SMS acknowledges by %s', async (_name, text) => {
  const fields = { MessageSid: 'SM1', Body: text(await firingId()), From: PHONE, To: OUR_NUMBER };
  const answer = await fromTwilio('/integrations/twilio/sms', fields);
  expect(answer.body).toContain('<Message>Acknowledged by Ada: Load.</Message>');
  expect(await acks()).toMatchObject([{ by: 'Ada', via: 'sms' }]);
});

test.each([
  ['somebody who was never told', '+442071838759', 'aa', 'No alert that you were told of fires'],
  ['a wrong number', PHONE, '0000a', 'No alert that you were told of fires'],
  ['anything else', PHONE, 'thanks!', 'Reply with the number in the message'],
])('an SMS of %s changes nothing', async (_name, from, text, said) => {
  const answer = await fromTwilio('/integrations/twilio/sms', { Body: text, From: from, To: OUR_NUMBER });
  expect(answer.body).toContain(said);
  expect(await acks()).toEqual([]);
});

test('the fate of a call is passed on', async () => {
  const fields = { CallSid: 'CA1', CallStatus: 'no-answer', To: PHONE };
  const answer = await fromTwilio('/integrations/twilio/status?message=abc', fields);
  expect(answer.statusCode).toBe(204);
  await fromTwilio('/integrations/twilio/status?message=def', { MessageStatus: 'undelivered', ErrorCode: '30003' });
  expect(statuses).toEqual([
    { messageId: 'abc', kind: 'phone_call', status: 'no-answer', errorCode: null },
    { messageId: 'def', kind: 'sms', status: 'undelivered', errorCode: '30003' },
  ]);
});

test('what Twilio did not sign is refused', async () => {
  const fields = { CallSid: 'CA1', Digits: '4', To: PHONE };
  expect((await fromTwilio(keypadUrl(), fields, 'another token')).statusCode).toBe(403);
  expect((await form(keypadUrl(), fields, {})).statusCode).toBe(403);
  expect(await acks()).toEqual([]);
});

function click(action: string, value: string, at = clock.now(), secret = SIGNING) {
  const post = JSON.parse(slack.accepted[0]?.body ?? '{}');
  const payload = JSON.stringify({
    type: 'block_actions',
    user: { id: 'U2CERLKJA', username: 'ada.l' },
    container: { channel_id: 'C024BE91L', message_ts: '1503435956.000001' },
    message: { text: post.text, blocks: post.blocks },
    actions: [{ action_id: action, value }],
  });
  const timestamp = String(Math.floor(at / 1_000));
  const raw = new URLSearchParams({ payload }).toString();
  const signature = signSlack(secret, timestamp, raw);
  return form(
    '/integrations/slack/interactions',
    { payload },
    {
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signature,
    },
  );
}

/** The id that the buttons of the first message carry. */
function buttonValue(): string {
  const { blocks } = JSON.parse(slack.accepted[0]?.body ?? '{}');
  return blocks.at(-1).elements[0].value;
}

test('a click in Slack acknowledges and takes the buttons away', async () => {
  const answer = await click('yumops_acknowledge', buttonValue());
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toBe('');
  expect(await acks()).toMatchObject([{ by: 'Ada', via: 'slack' }]);
  const update = slack.accepted.at(-1);
  expect(update?.path).toBe('/api/chat.update');
  expect(update?.body).toContain('Acknowledged by Ada: Load.');
  expect(update?.body).not.toContain('"actions"');
});

test('a click about an alert that is over says so and keeps the buttons', async () => {
  await click('yumops_acknowledge', 'f'.repeat(32));
  expect(slack.accepted.at(-1)?.body).toContain('No alert that you were told of fires under this any more.');
  expect(slack.accepted.at(-1)?.body).toContain('"actions"');
});

test('what Slack did not sign, or signed long ago, is refused', async () => {
  expect((await click('yumops_acknowledge', buttonValue(), clock.now(), 'other')).statusCode).toBe(401);
  expect((await click('yumops_acknowledge', buttonValue(), clock.now() - 301_000)).statusCode).toBe(401);
  expect(await acks()).toEqual([]);
});

test('Slack is answered in time also when its own API is slow', async () => {
  const value = buttonValue();
  slack.force = { status: 0, hang: true };
  const before = slack.requests.length;
  const answering = click('yumops_acknowledge', value);
  await expect.poll(() => slack.requests.length).toBe(before + 1);
  await clock.advance(2_500);
  expect((await answering).statusCode).toBe(200);
  expect(await acks()).toHaveLength(1);
  await clock.advance(10_000);
  slack.force = null;
});
