import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { lastTaken, type StrictVendor } from '../../../../test/support/strict-vendor.ts';
import { NTFY_TOKEN, ntfyServer } from '../../../../test/support/vendors/ntfy.ts';
import { Secret } from '../../../lib/secret.ts';
import { ntfyNotifier } from './index.ts';

const never = new AbortController().signal;

function notifier(vendor: StrictVendor, token = NTFY_TOKEN) {
  return ntfyNotifier({
    name: 'ops',
    topic: new Secret('yumzoom-ops'),
    token: new Secret(token),
    base: vendor.base,
    broken: null,
  });
}

const { vendor } = notifierContract({
  start: ntfyServer,
  notifier,
  revoked: (server) => notifier(server, 'revoked-secret'),
  target: 'ops',
  limited: { status: 429, json: { code: 42_901, http: 429, error: 'limit reached' }, headers: { 'retry-after': '30' } },
  refusal: { answer: { status: 403, json: { code: 40_301, http: 403, error: 'forbidden' } }, said: 'forbidden' },
  revokedSaid: 'unauthorized',
  carries: 'a1b2c3d4e5f60718:1:0:slack/#alerts:firing',
});

test('is loud while it fires and quiet when it is over', async () => {
  await notifier(vendor()).send(outgoing(), never);
  expect(lastTaken(vendor())).toMatchObject({
    priority: 5,
    tags: ['rotating_light'],
    click: 'https://ops.yumzoom.app/alerts/a1b2c3d4e5f60718-1',
  });
  const alerts = [messageAlert({ status: 'resolved', endedAt: Date.UTC(2026, 0, 5, 10, 20) })];
  await notifier(vendor()).send(outgoing({}, { kind: 'resolved', alerts }), never);
  expect(lastTaken(vendor())).toMatchObject({ priority: 2, tags: ['white_check_mark'] });
});
