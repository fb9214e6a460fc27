import { expect, test } from 'vitest';
import { notifierContract } from '../../../../test/support/notifier-contract.ts';
import { messageAlert, outgoing } from '../../../../test/support/outgoing.ts';
import { lastTaken, type StrictVendor, strictVendor } from '../../../../test/support/strict-vendor.ts';
import { pagerdutyServer, ROUTING_KEY } from '../../../../test/support/vendors/pagerduty.ts';
import { Secret } from '../../../lib/secret.ts';
import { pagerdutyNotifier } from './index.ts';

const never = new AbortController().signal;

function notifier(vendor: StrictVendor, key = ROUTING_KEY) {
  return pagerdutyNotifier({
    name: 'ops',
    routingKey: new Secret(key),
    webhookSecret: null,
    base: vendor.base,
    broken: null,
  });
}

const { vendor } = notifierContract({
  start: pagerdutyServer,
  notifier,
  revoked: (server) => notifier(server, 'revoked-secret'),
  target: 'ops',
  limited: { status: 429, headers: { 'retry-after': '30' } },
  refusal: {
    answer: { status: 400, json: { status: 'invalid event', message: 'Event object is invalid', errors: ['no key'] } },
    said: 'Event object is invalid: no key',
  },
  revokedSaid: 'Event object is invalid',
  carries: 'yumops:a1b2c3d4e5f60718:1',
});

test('triggers, acknowledges and resolves under the key of the episode', async () => {
  const alerts = [
    messageAlert({ labels: { alertname: 'High Error Rate', service: 'api', environment: 'production' } }),
  ];
  await notifier(vendor()).send(outgoing({ target: 'ops' }, { alerts }), never);
  expect(lastTaken(vendor())).toMatchObject({
    event_action: 'trigger',
    dedup_key: 'yumops:a1b2c3d4e5f60718:1',
    client_url: 'https://ops.yumzoom.app/alerts/a1b2c3d4e5f60718-1',
    payload: {
      summary: expect.stringContaining('6 % of 3,000 requests failed'),
      source: 'api',
      severity: 'critical',
      timestamp: '2026-01-05T10:01:30.000Z',
      component: 'api',
      group: 'production',
      class: 'High Error Rate',
      custom_details: { Value: '6 %, limit 5 %', why: 'first notification' },
    },
  });
  await notifier(vendor()).send(outgoing({ target: 'ops' }, { kind: 'acknowledged' }), never);
  expect(lastTaken(vendor())).toEqual({
    routing_key: ROUTING_KEY,
    event_action: 'acknowledge',
    dedup_key: 'yumops:a1b2c3d4e5f60718:1',
  });
  await notifier(vendor()).send(outgoing({ target: 'ops' }, { kind: 'resolved' }), never);
  expect(lastTaken(vendor())).toMatchObject({ event_action: 'resolve', dedup_key: 'yumops:a1b2c3d4e5f60718:1' });
});

test('an event over 512 KB loses its details and says so', async () => {
  const annotations = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`note${at}`, 'x'.repeat(10_000)]));
  const message = outgoing({ target: 'ops' }, { alerts: [messageAlert({ annotations })] });
  expect(await notifier(vendor()).send(message, never)).toMatchObject({ outcome: 'sent' });
  expect(lastTaken(vendor())).toMatchObject({
    payload: { custom_details: { error: 'The details were removed because the event was larger than 512 KB.' } },
  });
});

test('a message about many alerts gets through a rate limit in several attempts, each event once', async () => {
  const alerts = Array.from({ length: 30 }, (_, at) => messageAlert({ id: `a1b2c3d4e5f607${at + 10}-1` }));
  const message = outgoing({ target: 'ops' }, { alerts });
  let room = 12;
  const limited = await strictVendor(() => (room-- > 0 ? { status: 202 } : { status: 429 }));
  try {
    const way = notifier(limited);
    expect(await way.send(message, never)).toMatchObject({ outcome: 'retry' });
    room = 100;
    expect(await way.send({ ...message, attempt: 2 }, never)).toMatchObject({ outcome: 'sent' });
    const keys = limited.accepted.map(({ body }) => JSON.parse(body).dedup_key);
    expect(keys).toEqual(alerts.map(({ id }) => `yumops:${id.replace('-', ':')}`));
  } finally {
    await limited.stop();
  }
});
