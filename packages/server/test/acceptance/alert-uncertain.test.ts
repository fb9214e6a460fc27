import { expect, test } from 'vitest';
import { acceptAlerts } from '../../src/respond/alerting/push/accept.ts';
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

  test.each(['alert_rules', 'pushed_alerts'])(
    'slack, interrupted three times and with nobody else to tell, gets two copies at most, and then a message of its own (%s)',
    async (origin) => {
      const rule = `  - {name: Load, condition: "last_load > 5", time_window: 60s, severity: critical, eval_interval: 60s, notifications: [{slack: "#ops"}]}`;
      const rules =
        origin === 'alert_rules' ? `alert_rules:\n${rule}` : `pushed_alerts: [{notifications: [{slack: "#ops"}]}]`;
      const rig = await makeRig(rules, { channels: ['slack'] });
      if (origin === 'alert_rules') rig.gauge('load', 0, 600, 30, 9);
      else await acceptAlerts(rig.store, [{ labels: { alertname: 'Load' } }], 3_600_000, rig.clock.now());
      const keys: string[] = [];
      let taken = 0;
      rig.receivers.answer = ({ key }) => {
        keys.push(key);
        return ++taken <= 2 ? { delayMs: 60_000 } : undefined;
      };
      for (const t of [0, 12]) {
        await rig.until(t);
        rig.kill();
        await rig.until(t + 6);
        rig.boot();
      }
      await rig.until(60);
      expect(keys.length).toBe(3);
      expect(keys[1]).toBe(keys[0]);
      expect(keys[2]).not.toBe(keys[0]);
    },
  );

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
