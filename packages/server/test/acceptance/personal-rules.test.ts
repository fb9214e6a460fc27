import { expect, test } from 'vitest';
import type { AlertRig } from '../support/alert-rig.ts';
import { type MakeRig, onBothStores } from '../support/both-stores.ts';

const CHANNELS = ['slack', 'email', 'sms', 'phone_call', 'ntfy'];

const INTEGRATIONS = `  twilio: {account_sid: AC00000000000000000000000000000000, auth_token: not-used, from: "+442071838759"}
  ntfy: {adas-phone: {topic: adas-phone}}
`;

const RULES = 'rules: {high: [{after: 0, by: push}, {after: 2m, by: sms}, {after: 5m, by: phone}]}';

function config(person: string, severity = 'critical', steps = '[{delay: 0, notify: [on_call]}]', rest = ''): string {
  return `${INTEGRATIONS}
people:
  - {name: Ada, ${person}}
  - {name: Bob, phone: "+442071838752", email: bob@yumzoom.com}
alert_settings: {email_notifications: [admin@yumzoom.com], sms_notifications: ["+442071838750"]}
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 60s, severity: ${severity}, eval_interval: 60s, keep_firing_for: 0s, escalation: page}
escalation_policies:
  page: {people: [Ada], steps: ${steps}, repeat: {every: 15m, max: 1}${rest}}
`;
}

const ADA = `phone: "+442071838751", email: ada@yumzoom.com, ntfy: adas-phone`;

onBothStores((makeRig: MakeRig) => {
  async function fired(yaml: string, until: number, ends = 20_000): Promise<AlertRig> {
    const rig = await makeRig(yaml, { channels: CHANNELS });
    rig.gauge('load', 0, ends, 15, 9);
    rig.gauge('load', ends + 15, ends + 900, 15, 1);
    await rig.until(until);
    return rig;
  }

  test('a step that reaches a person runs through their rules, and a repeat does so again', async () => {
    const rig = await fired(config(`${ADA}, ${RULES}`), 1_300);
    expect(rig.timeline()).toEqual([
      '0 ntfy adas-phone firing',
      '120 sms +442071838751 firing',
      '300 phone_call +442071838751 firing',
      '900 ntfy adas-phone repeat',
      '1020 sms +442071838751 firing',
      '1200 phone_call +442071838751 firing',
    ]);
    expect(rig.receivers.received.slice(0, 3).map(({ reason }) => reason)).toEqual([
      'first notification; rule of Ada: push at once',
      'no answer from Ada; rule of Ada: SMS after 2 min',
      'no answer from Ada; rule of Ada: call after 5 min',
    ]);
  });

  test('an acknowledgement, and the end, stop the rules that are left', async () => {
    const taken = await fired(config(`${ADA}, ${RULES}`), 150);
    await taken.acknowledge('Ada');
    await taken.until(1_500);
    expect(taken.timeline()).toEqual(['0 ntfy adas-phone firing', '120 sms +442071838751 firing']);
    const over = await fired(config(`${ADA}, ${RULES}`), 900, 150);
    expect(over.timeline()).toEqual([
      '0 ntfy adas-phone firing',
      '120 sms +442071838751 firing',
      '180 ntfy adas-phone resolved',
      '180 sms +442071838751 resolved',
    ]);
  });

  test('rules survive the end of the process', async () => {
    const rig = await fired(config(`${ADA}, ${RULES}`), 10);
    rig.kill();
    await rig.until(130);
    rig.boot();
    await rig.until(400);
    expect(rig.timeline().slice(1)).toEqual(['130 sms +442071838751 firing', '300 phone_call +442071838751 firing']);
  });

  test('without rules of their own people are mailed, and for what is critical told by SMS, then called', async () => {
    const critical = await fired(config('phone: "+442071838751", email: ada@yumzoom.com'), 400);
    expect(critical.timeline()).toEqual([
      '0 email ada@yumzoom.com firing',
      '0 sms +442071838751 firing',
      '300 phone_call +442071838751 firing',
    ]);
    const warning = await fired(config('phone: "+442071838751", email: ada@yumzoom.com', 'warning'), 400);
    expect(warning.timeline()).toEqual(['10 email ada@yumzoom.com firing']);
  });

  test('an address that nobody has confirmed is not used; the fallback is told', async () => {
    const rig = await fired(
      config(`phone: "+442071838751", must_confirm: true, rules: {high: [{after: 0, by: sms}]}`),
      60,
    );
    expect(rig.timeline().filter((line) => line.includes('+442071838751'))).toEqual([]);
    expect(rig.receivers.received.map(({ channel, target }) => `${channel} ${target}`)).toContain(
      'email admin@yumzoom.com',
    );
    expect(rig.receivers.received[0]?.reason).toContain('its owner has not confirmed it');
  });

  test('with multi_ack the rules of the others go on', async () => {
    const both = config(`${ADA}, ${RULES}`, 'critical', '[{delay: 0, notify: [on_call]}]', ', multi_ack: true').replace(
      'people: [Ada]',
      'people: [Ada, Bob]',
    );
    const rig = await fired(both, 30);
    await rig.acknowledge('Ada');
    await rig.until(400);
    expect(rig.timeline()).toEqual([
      '0 ntfy adas-phone firing',
      '0 email bob@yumzoom.com firing',
      '0 sms +442071838752 firing',
      '300 phone_call +442071838752 firing',
    ]);
  });
});
