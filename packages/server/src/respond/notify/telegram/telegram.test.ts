import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { outgoing } from '../../../../test/support/outgoing.ts';
import { lastTaken, type StrictVendor } from '../../../../test/support/strict-vendor.ts';
import { BOT_TOKEN, telegramServer } from '../../../../test/support/vendors/telegram.ts';
import { Secret } from '../../../lib/secret.ts';
import { telegramNotifier } from './index.ts';

const never = new AbortController().signal;

function notifier(vendor: StrictVendor, token = BOT_TOKEN) {
  return telegramNotifier({ name: 'ops', token: new Secret(token), chat: '-1001234', base: vendor.base, broken: null });
}

const { vendor } = notifierContract({
  start: telegramServer,
  notifier,
  revoked: (server) => notifier(server, 'revoked-secret'),
  target: 'ops',
  limited: {
    status: 429,
    json: {
      ok: false,
      error_code: 429,
      description: 'Too Many Requests: retry after 30',
      parameters: { retry_after: 30 },
    },
  },
  refusal: {
    answer: {
      status: 403,
      json: { ok: false, error_code: 403, description: 'Forbidden: bot was blocked by the user' },
    },
    said: 'bot was blocked',
  },
  revokedSaid: 'Unauthorized',
  carries: 'a1b2c3d4e5f60718:1:0:slack/#alerts:firing',
});

test('later messages answer to the first', async () => {
  const first = await notifier(vendor()).send(outgoing(), never);
  expect(first).toMatchObject({ outcome: 'sent', receipt: '42' });
  await notifier(vendor()).send(outgoing({ thread: '42' }), never);
  expect(lastTaken(vendor())).toMatchObject({
    reply_parameters: { message_id: 42, allow_sending_without_reply: true },
  });
});

test('a group that moved is named', async () => {
  const json = {
    ok: false,
    error_code: 400,
    description: 'Bad Request: group chat was upgraded to a supergroup chat',
    parameters: { migrate_to_chat_id: -100_999 },
  };
  vendor().force = { status: 400, json };
  const result = await notifier(vendor()).send(outgoing(), never);
  expect(result).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('the chat is now -100999') });
});
