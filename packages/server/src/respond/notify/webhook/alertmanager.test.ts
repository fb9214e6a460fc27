import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { lastTaken, type StrictVendor } from '../../../../test/support/strict-vendor.ts';
import { alertmanagerReceiver } from '../../../../test/support/vendors/alertmanager-receiver.ts';
import { FakeClock } from '../../../lib/clock.ts';
import { Secret } from '../../../lib/secret.ts';
import { webhookNotifier } from './index.ts';

const never = new AbortController().signal;

function notifier(vendor: StrictVendor, path = '/') {
  const receiver = {
    name: 'am',
    url: new Secret(vendor.base + path),
    secret: null,
    timeoutMs: 10_000,
    sendResolved: true,
    format: 'alertmanager' as const,
    broken: null,
  };
  return webhookNotifier(receiver, new FakeClock());
}

const { vendor } = notifierContract({
  start: alertmanagerReceiver,
  notifier,
  revoked: (server) => ({
    send: async (message, signal) => {
      server.force = { status: 401, json: 'unknown token' };
      return notifier(server, '/revoked-secret').send(message, signal);
    },
  }),
  target: 'am',
  limited: { status: 429, headers: { 'retry-after': '30' } },
  refusal: { answer: { status: 400, json: { problem: 'no' } }, said: 'no' },
  revokedSaid: 'unknown token',
  carries: 'a1b2c3d4e5f60718',
});

test('has the shape that Alertmanager sends', async () => {
  const runbook = 'https://runbooks.example.com/errors';
  const alerts = [
    messageAlert({ runbook, labels: { alertname: 'High Error Rate', service: 'api', zone: 'a' } }),
    messageAlert({ id: 'ffb2c3d4e5f60718-3', labels: { alertname: 'High Error Rate', service: 'web', zone: 'a' } }),
  ];
  const groupLabels = { environment: 'production', alertname: 'High Error Rate' };
  await notifier(vendor()).send(outgoing({ target: 'am' }, { alerts, groupLabels }), never);
  expect(vendor().requests[0]?.headers['x-yumops-key']).toBe('a1b2c3d4e5f60718:1:0:slack/#alerts:firing');
  expect(lastTaken(vendor())).toMatchObject({
    receiver: 'am',
    status: 'firing',
    groupKey: '{}:{alertname="High Error Rate", environment="production"}',
    groupLabels,
    commonLabels: { alertname: 'High Error Rate', zone: 'a', severity: 'critical' },
    externalURL: 'https://ops.yumzoom.app',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'High Error Rate', service: 'api', severity: 'critical' },
        annotations: { runbook_url: runbook },
        startsAt: '2026-01-05T10:01:30.000Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'https://ops.yumzoom.app/alerts/a1b2c3d4e5f60718-1',
        fingerprint: 'a1b2c3d4e5f60718',
      },
      { fingerprint: 'ffb2c3d4e5f60718' },
    ],
  });
});
