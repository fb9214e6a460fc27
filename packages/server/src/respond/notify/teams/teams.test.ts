import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { outgoing } from '../../../../test/support/outgoing.ts';
import type { StrictVendor } from '../../../../test/support/strict-vendor.ts';
import { TEAMS_PATH, teamsServer } from '../../../../test/support/vendors/teams.ts';
import { Secret } from '../../../lib/secret.ts';
import { teamsNotifier } from './index.ts';

function notifier(vendor: StrictVendor, path = TEAMS_PATH) {
  return teamsNotifier({ name: 'ops', url: new Secret(vendor.base + path), broken: null });
}

const { vendor } = notifierContract({
  start: teamsServer,
  notifier,
  revoked: (server) => notifier(server, '/workflows/0123/triggers/manual/paths/invoke?sig=revoked-secret'),
  target: 'ops',
  limited: { status: 429, headers: { 'retry-after': '30' } },
  refusal: { answer: { status: 404, json: { error: { code: 'WorkflowNotFound' } } }, said: 'WorkflowNotFound' },
  revokedSaid: 'answered 401',
  carries: 'a1b2c3d4e5f60718:1:0:slack/#alerts:firing',
});

test('says what is wrong, since when, and where to look', async () => {
  await notifier(vendor()).send(outgoing({ target: 'ops' }), new AbortController().signal);
  const body = vendor().accepted[0]?.body;
  for (const part of ['🔴 Firing: High Error Rate', '2026-01-05 10:01:30 UTC', '6 %, limit 5 %', '/alerts/a1b2c3d4']) {
    expect(body).toContain(part);
  }
});
