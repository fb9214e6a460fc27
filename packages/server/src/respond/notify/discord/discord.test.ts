import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { lastTaken, type StrictVendor } from '../../../../test/support/strict-vendor.ts';
import { DISCORD_PATH, discordServer } from '../../../../test/support/vendors/discord.ts';
import { Secret } from '../../../lib/secret.ts';
import { discordNotifier } from './index.ts';

const never = new AbortController().signal;

function notifier(vendor: StrictVendor, path = DISCORD_PATH) {
  return discordNotifier({ name: 'ops', url: new Secret(vendor.base + path), broken: null });
}

const { vendor } = notifierContract({
  start: discordServer,
  notifier,
  revoked: (server) => notifier(server, '/api/webhooks/1234567890/revoked-secret'),
  target: 'ops',
  limited: { status: 429, json: { message: 'You are being rate limited.', retry_after: 30, global: false } },
  refusal: { answer: { status: 400, json: { message: 'Invalid Form Body', code: 50_035 } }, said: 'Invalid Form Body' },
  revokedSaid: 'Unknown Webhook',
  carries: 'a1b2c3d4e5f60718:1:0:slack/#alerts:firing',
});

test('a fraction of a second is heeded, and nobody is mentioned', async () => {
  vendor().force = { status: 429, json: { message: 'limited', retry_after: 0.35, global: true } };
  expect(await notifier(vendor()).send(outgoing(), never)).toMatchObject({ retryAfterMs: 350 });
  vendor().force = null;
  const result = await notifier(vendor()).send(outgoing({}, { title: '@everyone look' }), never);
  expect(result).toMatchObject({ outcome: 'sent', receipt: '99887766' });
  expect(lastTaken(vendor())).toMatchObject({ allowed_mentions: { parse: [] } });
});

test('the end is green', async () => {
  const alerts = [messageAlert({ status: 'resolved', endedAt: Date.UTC(2026, 0, 5, 10, 20) })];
  await notifier(vendor()).send(outgoing({}, { kind: 'resolved', title: 'Resolved: it', alerts }), never);
  expect(lastTaken(vendor())).toMatchObject({
    content: '🟢 Resolved: it',
    embeds: [{ color: 0x12b76a, timestamp: '2026-01-05T10:20:00.000Z' }],
  });
});
