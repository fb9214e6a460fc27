import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { lastTaken, type StrictVendor } from '../../../../test/support/strict-vendor.ts';
import { GENIE_KEY, opsgenieServer } from '../../../../test/support/vendors/opsgenie.ts';
import { Secret } from '../../../lib/secret.ts';
import { opsgenieNotifier } from './index.ts';

const never = new AbortController().signal;

function notifier(vendor: StrictVendor, key = GENIE_KEY) {
  return opsgenieNotifier({
    name: 'ops',
    apiKey: new Secret(key),
    webhookSecret: null,
    base: vendor.base,
    broken: null,
  });
}

const { vendor } = notifierContract({
  start: opsgenieServer,
  notifier,
  revoked: (server) => notifier(server, 'revoked-secret'),
  target: 'ops',
  limited: { status: 429, json: { message: 'You are making too many requests!' }, headers: { 'retry-after': '30' } },
  refusal: { answer: { status: 422, json: { message: 'Request body is not processable.' } }, said: 'not processable' },
  revokedSaid: 'Could not authenticate',
  carries: 'yumops:a1b2c3d4e5f60718:1',
});

test('creates, acknowledges and closes under the alias of the episode', async () => {
  await notifier(vendor()).send(outgoing({ target: 'ops' }), never);
  expect(lastTaken(vendor())).toMatchObject({
    alias: 'yumops:a1b2c3d4e5f60718:1',
    priority: 'P1',
    entity: 'api',
    details: { key: 'a1b2c3d4e5f60718:1:0:slack/#alerts:firing', Value: '6 %, limit 5 %' },
  });
  await notifier(vendor()).send(outgoing({ target: 'ops' }, { kind: 'acknowledged' }), never);
  expect(vendor().accepted.at(-1)?.path).toBe('/v2/alerts/yumops%3Aa1b2c3d4e5f60718%3A1/acknowledge');
  const alerts = [messageAlert({ status: 'resolved', endedAt: Date.UTC(2026, 0, 5, 10, 20) })];
  await notifier(vendor()).send(outgoing({ target: 'ops' }, { kind: 'resolved', alerts }), never);
  expect(vendor().accepted.at(-1)?.path).toBe('/v2/alerts/yumops%3Aa1b2c3d4e5f60718%3A1/close');
});
