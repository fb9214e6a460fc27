import { expect, test } from 'vitest';
import { strictVendor } from '../../../test/support/strict-vendor.ts';
import { FakeClock } from '../../lib/clock.ts';
import { Secret } from '../../lib/secret.ts';
import { NO_INTEGRATIONS } from './config.ts';
import { createNotifiers } from './registry.ts';
import { sendTest } from './send-test.ts';

const clock = new FakeClock();
const order = { channel: 'webhook', target: 'ops', by: 'ada@yumzoom.com', publicUrl: 'https://ops.yumzoom.app' };

function notifiers(url: string) {
  const webhook = {
    name: 'ops',
    url: new Secret(url),
    secret: null,
    timeoutMs: 60_000,
    sendResolved: true,
    broken: null,
  };
  return createNotifiers({ ...NO_INTEGRATIONS, webhooks: [webhook] }, clock);
}

test('a test goes the real way, says that it is one, and reports the answer', async () => {
  const vendor = await strictVendor(() => ({ status: 200 }));
  try {
    expect(await sendTest(notifiers(vendor.base), order, clock)).toMatchObject({
      outcome: 'sent',
      answer: 'accepted (200)',
    });
    const body = JSON.parse(vendor.accepted[0]?.body ?? '');
    expect(body).toMatchObject({ kind: 'test', title: 'Test of YumOps: nothing is wrong', alerts: [] });
    expect(body.reason).toBe('a test message, sent by ada@yumzoom.com');
    vendor.force = { status: 403, json: 'not here' };
    expect(await sendTest(notifiers(vendor.base), order, clock)).toMatchObject({
      outcome: 'refused',
      answer: 'answered 403 "not here"',
    });
    vendor.force = { status: 0, hang: true };
    const sending = sendTest(notifiers(vendor.base), order, clock);
    await expect.poll(() => vendor.requests.length).toBe(3);
    await clock.advance(10_000);
    expect(await sending).toMatchObject({ outcome: 'retry', answer: 'no answer within 10 s', tookMs: 10_000 });
  } finally {
    await vendor.stop();
  }
});

test('a channel that is not set up is named', async () => {
  await expect(sendTest(new Map(), order, clock)).rejects.toMatchObject({ code: 'channel_not_set_up', status: 409 });
});
