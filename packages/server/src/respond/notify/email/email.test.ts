import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { type MailVendor, mailServer } from '../../../../test/support/vendor-servers.ts';
import { Secret } from '../../../lib/secret.ts';
import { emailNotifier } from './index.ts';

const never = new AbortController().signal;
let server: MailVendor;

beforeAll(async () => {
  server = await mailServer();
});

afterAll(() => server.stop());

beforeEach(() => {
  server.refuse = null;
  server.hang = false;
  server.mails.length = 0;
});

const notifier = (url = server.url) => emailNotifier({ url: new Secret(url), from: 'ops@yumzoom.com', broken: null });
const toDevops = (...rest: Parameters<typeof outgoing>) =>
  outgoing({ target: 'devops@yumzoom.com', ...rest[0] }, rest[1]);

test('a mail says it all in plain text and HTML, and belongs to the thread of its alert', async () => {
  expect(await notifier().send(toDevops(), never)).toMatchObject({ outcome: 'sent' });
  const mail = server.mails[0]!;
  expect(mail.to).toEqual(['devops@yumzoom.com']);
  expect(mail.from).toBe('ops@yumzoom.com');
  expect(mail.subject).toBe(
    '[CRITICAL] Firing: High Error Rate: 6 % of 3,000 requests failed in the last 5 min (limit 5 %), service api',
  );
  expect(mail.text).toContain('Since: 2026-01-05 10:01:30 UTC');
  expect(mail.text).toContain('https://ops.yumzoom.app/alerts/a1b2c3d4e5f60718-1');
  expect(mail.headers.get('message-id')).toBe('<0123456789abcdef0123456789abcdef@yumzoom.com>');
  expect(mail.headers.get('references')).toBe('<alert-a1b2c3d4e5f60718-1@yumzoom.com>');
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
  expect(mail.source).toContain('text/html');
});

test('the second attempt has the Message-ID of the first', async () => {
  await notifier().send(toDevops({ attempt: 1 }), never);
  await notifier().send(toDevops({ attempt: 2 }), never);
  expect(server.mails[0]?.headers.get('message-id')).toBe(server.mails[1]?.headers.get('message-id'));
});

test('a title cannot add headers or recipients', async () => {
  const alert = messageAlert({ summary: 'a <b>bold</b> claim' });
  await notifier().send(toDevops({}, { title: 'x\r\nBcc: evil@example.com', alerts: [alert] }), never);
  expect(server.mails[0]?.headers.has('bcc')).toBe(false);
  expect(server.mails[0]?.to).toEqual(['devops@yumzoom.com']);
  expect(server.mails[0]?.source).toContain('&lt;b&gt;bold');
});

test.each([
  ['a mailbox that is busy', { code: 451, text: 'try again later' }, 'retry'],
  ['too many messages', { code: 450, text: '4.7.1 rate limited' }, 'retry'],
  ['a mailbox that is not there', { code: 550, text: 'no such user' }, 'refused'],
])('%s', async (_name, refuse, outcome) => {
  server.refuse = refuse;
  expect(await notifier().send(toDevops(), never)).toMatchObject({ outcome });
});

test('a password that is no longer valid is final, and is not shown', async () => {
  const guarded = await mailServer('right');
  try {
    expect(await notifier(guarded.url).send(toDevops(), never)).toMatchObject({ outcome: 'sent' });
    const result = await notifier(guarded.url.replace('right', 'wr0ngpass')).send(toDevops(), never);
    expect(result).toMatchObject({ outcome: 'refused' });
    expect(JSON.stringify(result)).not.toContain('wr0ngpass');
  } finally {
    await guarded.stop();
  }
});

test('a server that takes the message and never answers may have it', async () => {
  server.hang = true;
  const abort = new AbortController();
  const sending = notifier().send(toDevops(), abort.signal);
  await expect.poll(() => server.mails.length).toBe(1);
  abort.abort(new Error('no answer within 10 s'));
  expect(await sending).toEqual({ outcome: 'retry', reason: 'no answer within 10 s', maybeDelivered: true });
});

test('a server that is not there cannot have it', async () => {
  const gone = await mailServer();
  await gone.stop();
  expect(await notifier(gone.url).send(toDevops(), never)).toMatchObject({ outcome: 'retry', maybeDelivered: false });
});
