import { expect, test } from 'vitest';
import { readClick } from './interaction.ts';
import { signSlack, verifySlack } from './signature.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const NOW = 1_531_420_618_000;
const BODY =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar' +
  '&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com' +
  '%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
  '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';

test("the signature of Slack's own example", () => {
  const signature = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';
  expect(verifySlack(SECRET, { timestamp: '1531420618', signature }, BODY, NOW)).toBe(true);
});

test.each([
  ['a changed body', { body: `${BODY}&a=1` }],
  ['another secret', { secret: 'other' }],
  ['older than five minutes', { now: NOW + 301_000 }],
  ['from the future', { now: NOW - 301_000 }],
  ['no timestamp', { timestamp: undefined }],
  ['a timestamp that is none', { timestamp: '1e9' }],
  ['no signature', { signature: undefined }],
  ['a shorter signature', { signature: 'v0=a2114d' }],
])('%s is refused', (_name, change) => {
  const given = { secret: SECRET, body: BODY, now: NOW, timestamp: '1531420618', signature: '', ...change };
  const signature = 'signature' in change ? change.signature : signSlack(SECRET, '1531420618', BODY);
  expect(verifySlack(given.secret, { timestamp: given.timestamp, signature }, given.body, given.now)).toBe(false);
});

const click = (actions: unknown, type = 'block_actions') =>
  `payload=${encodeURIComponent(
    JSON.stringify({
      type,
      user: { id: 'U2CERLKJA', username: 'ann', name: 'ann', team_id: 'T1' },
      container: { type: 'message', message_ts: '1548261231.000200', channel_id: 'CBR2V3XEX' },
      message: { text: 'Firing', blocks: [{ type: 'header' }] },
      actions,
    }),
  )}`;

test('a click names its message, its button and who clicked', () => {
  expect(readClick(click([{ action_id: 'yumops_resolve', value: '0123456789abcdef' }]))).toEqual({
    reply: {
      action: 'resolve',
      alerts: { message: '0123456789abcdef' },
      from: { slack: 'U2CERLKJA', name: 'ann' },
      via: 'slack',
    },
    message: { channel: 'CBR2V3XEX', ts: '1548261231.000200', text: 'Firing', blocks: [{ type: 'header' }] },
  });
});

test.each([
  ['another button', click([{ action_id: 'other', value: 'a-1' }])],
  ['a button without a message', click([{ action_id: 'yumops_resolve', value: '' }])],
  ['another interaction', click([{ action_id: 'yumops_resolve', value: 'a-1' }], 'view_submission')],
  ['no payload', 'a=b'],
  ['no JSON', 'payload=%7B'],
])('%s is no click', (_name, body) => {
  expect(readClick(body)).toBeUndefined();
});
