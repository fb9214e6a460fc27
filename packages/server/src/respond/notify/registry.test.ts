import { expect, test } from 'vitest';
import { outgoing } from '../../../test/support/outgoing.ts';
import { strictVendor } from '../../../test/support/strict-vendor.ts';
import { FakeClock } from '../../lib/clock.ts';
import { Secret } from '../../lib/secret.ts';
import { compileIntegrations, integrationsShape, NO_INTEGRATIONS } from './config.ts';
import { createNotifiers } from './registry.ts';

const clock = new FakeClock();
const section = {
  report: () => undefined,
  secret: (text: string) => ({ secret: new Secret(text), broken: text === 'changeme' ? 'it is a placeholder' : null }),
};
const compiled = (raw: unknown) => compileIntegrations(integrationsShape.parse(raw), section);

const ALL = {
  slack: { bot_token: 'xoxb-1', channel: '#alerts' },
  smtp: { url: 'smtp://localhost' },
  twilio: { account_sid: 'AC1', auth_token: 'x1', from: '+15017122661' },
  webhook: [{ name: 'ops', url: 'https://example.com/' }],
  pagerduty: { ops: 'k', eu: { key: 'k', url: 'https://events.eu.pagerduty.com/' } },
  opsgenie: { ops: 'k' },
  teams: { ops: 'https://example.com/' },
  discord: { ops: 'https://example.com/' },
  telegram: { ops: { token: 't', chat: -100 } },
  ntfy: { ops: { topic: 'ops' } },
};

test('nothing is set up by default', () => {
  expect(createNotifiers(NO_INTEGRATIONS, clock).size).toBe(0);
});

test('every channel that is set up can send', () => {
  expect([...createNotifiers(compiled(ALL), clock).keys()].sort()).toEqual([
    ...['discord', 'email', 'ntfy', 'opsgenie', 'pagerduty', 'phone_call'],
    ...['slack', 'sms', 'teams', 'telegram', 'webhook'],
  ]);
  expect(compiled(ALL).pagerduty[1]?.base).toBe('https://events.eu.pagerduty.com');
});

test('with a bot token any channel works, also beside a webhook of one channel', () => {
  const webhook = 'https://hooks.slack.com/services/T0/B0/x';
  expect(compiled({ slack: { webhook } }).slack?.fixedChannel).toBe(true);
  expect(compiled({ slack: { webhook, bot_token: 'xoxb-1' } }).slack?.fixedChannel).toBe(false);
});

test('what has a placeholder is left out', () => {
  const broken = compiled({
    slack: { bot_token: 'changeme' },
    twilio: { account_sid: 'AC1', auth_token: 'changeme', from: '+15017122661' },
    pagerduty: { ops: 'changeme' },
    telegram: { ops: { token: 'changeme', chat: 1 } },
    ntfy: { ops: { topic: 'changeme' } },
  });
  expect(createNotifiers(broken, clock).size).toBe(0);
});

test('a message goes to the receiver that it names, and to no other', async () => {
  const vendor = await strictVendor(() => ({ status: 200 }));
  try {
    const webhook = [
      { name: 'a', url: `${vendor.base}/a` },
      { name: 'b', url: `${vendor.base}/b` },
    ];
    const notifier = createNotifiers(compiled({ webhook }), clock).get('webhook');
    const never = new AbortController().signal;
    expect(await notifier?.send(outgoing({ target: 'b' }), never)).toMatchObject({ outcome: 'sent' });
    expect(vendor.accepted.map(({ path }) => path)).toEqual(['/b']);
    expect(await notifier?.send(outgoing({ target: 'c' }), never)).toMatchObject({ outcome: 'refused' });
  } finally {
    await vendor.stop();
  }
});
