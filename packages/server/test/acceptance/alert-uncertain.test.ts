import { expect, test } from 'vitest';
import { START } from '../support/alert-rig.ts';
import { type MakeRig, onBothStores } from '../support/both-stores.ts';

const ruleFor = (
  receiver: string,
) => `  twilio: {account_sid: AC00000000000000000000000000000000, auth_token: not-used, from: "+442071838759"}
alert_settings: {email_notifications: [admin@yumzoom.com]}
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 60s, severity: critical, eval_interval: 60s, notifications: [${receiver}]}
`;

onBothStores((makeRig: MakeRig) => {
  test.each([
    ['sms', '{sms: "+442071838750"}', 4],
    ['slack', '{slack: "#ops"}', 2],
  ])('%s, interrupted three times, is sent %s %i times', async (channel, receiver, times) => {
    const rig = await makeRig(ruleFor(receiver), { channels: ['sms', 'slack', 'email'] });
    rig.gauge('load', 0, 600, 30, 9);
    const since: (number | null | undefined)[] = [];
    rig.receivers.answer = ({ channel: to, t, uncertainSince }) => {
      if (to !== channel) return undefined;
      since.push(uncertainSince);
      return t < 30 ? { delayMs: 60_000 } : undefined;
    };
    for (const t of [0, 12, 24]) {
      await rig.until(t);
      rig.kill();
      await rig.until(t + 6);
      rig.boot();
    }
    await rig.until(40);
    expect(since).toHaveLength(times);
    expect(since[0]).toBeNull();
    // The vendor is asked about everything since the first attempt that nobody knows the end of.
    expect(new Set(since.slice(1))).toEqual(new Set([START]));
  });

  test('an attempt that was answered leaves no doubt', async () => {
    const rig = await makeRig(ruleFor('{sms: "+442071838750"}'), { channels: ['sms', 'email'] });
    rig.gauge('load', 0, 600, 30, 9);
    const since: (number | null | undefined)[] = [];
    rig.receivers.answer = ({ t, uncertainSince }) => {
      since.push(uncertainSince);
      const maybeDelivered = t >= 10;
      return t < 20 ? { outcome: 'retry', reason: 'x', maybeDelivered, retryAfterMs: 10_000 } : undefined;
    };
    await rig.until(30);
    expect(since).toEqual([null, null, START + 10_000]);
  });
});
