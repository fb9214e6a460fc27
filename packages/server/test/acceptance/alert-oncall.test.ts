import { expect, test } from 'vitest';
import type { AlertRig } from '../support/alert-rig.ts';
import { type MakeRig, onBothStores } from '../support/both-stores.ts';

const CHANNELS = ['slack', 'email', 'sms', 'phone_call'];

const TWILIO = `  twilio: {account_sid: AC00000000000000000000000000000000, auth_token: not-used, from: "+442071838759"}
`;

/** The rig begins at 10:00: Ada's turn ends at 11:00, when Bob's begins. */
const TURNS = `people:
  - {name: Ada, phone: "+442071838751", email: ada@yumzoom.com}
  - {name: Bob, phone: "+442071838752"}
  - {name: Eve, email: eve@yumzoom.com}
schedules:
  - {name: Primary, layers: [{people: [Ada, Bob], start: 2026-01-05T10:00, every: {hours: 1}}]}
  - {name: Office, layers: [{people: [Ada], start: 2026-01-05T00:00, restrict: [{from: "09:00", to: "10:02"}]}]}
  - {name: Gap, layers: [{people: [Ada], start: 2026-01-05T00:00, restrict: [{from: "02:00", to: "03:00"}]}]}
  - {name: Mail, layers: [{people: [Eve], start: 2026-01-05T00:00}]}
`;

const MAIL = 'email_notifications: [admin@yumzoom.com]';

function policy(rest: string, settings = `${MAIL}, sms_notifications: ["+442071838750"]`) {
  return `${TWILIO}${TURNS}
alert_settings: {${settings}}
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 60s, severity: critical, eval_interval: 60s, keep_firing_for: 0s, escalation: page, notifications: [{slack: "#ops"}]}
escalation_policies:
  page: {${rest}}
`;
}

const PAGE =
  'steps: [{delay: 0, notify: [slack]}, {delay: 300, notify: [sms]}, {delay: 3600, notify: [sms, phone_call]}]';

onBothStores((makeRig: MakeRig) => {
  async function fired(yaml: string, until: number): Promise<AlertRig> {
    const rig = await makeRig(yaml, { channels: CHANNELS });
    rig.gauge('load', 0, 20_000, 15, 9);
    await rig.until(until);
    return rig;
  }

  test('SMS and calls go to whoever is on call when they are sent, and the end to everybody told', async () => {
    const rig = await makeRig(policy(`${PAGE}, schedule: Primary`), { channels: CHANNELS });
    rig.gauge('load', 0, 3_700, 15, 9);
    rig.gauge('load', 3_705, 3_900, 15, 1);
    await rig.until(3_800);
    expect(rig.timeline()).toEqual([
      '0 slack #ops firing',
      '300 sms +442071838751 firing',
      '3600 sms +442071838752 firing',
      '3600 phone_call +442071838752 firing',
      '3720 slack #ops resolved',
      '3720 sms +442071838751 resolved',
      '3720 sms +442071838752 resolved',
      '3720 phone_call +442071838752 resolved',
    ]);
  });

  test('people of a policy are told whoever’s turn it is, and without either the numbers of the settings', async () => {
    const both = await fired(policy(`${PAGE}, schedule: Primary, people: [Bob]`), 301);
    expect(both.timeline().slice(1)).toEqual(['300 sms +442071838752 firing', '300 sms +442071838751 firing']);
    const none = await fired(policy(PAGE), 301);
    expect(none.timeline().slice(1)).toEqual(['300 sms +442071838750 firing']);
  });

  test('an empty shift brings the next step forward, says so, and keeps the times of the others', async () => {
    const steps =
      '{delay: 0, notify: [slack]}, {delay: 300, notify: [sms]}, {delay: 900, notify: [email]}, {delay: 1800, notify: [slack]}';
    const rig = await fired(policy(`steps: [${steps}], schedule: Gap, repeat: {every: 1h, max: 1}`), 2_000);
    expect(rig.timeline()).toEqual([
      '0 slack #ops firing',
      '300 email admin@yumzoom.com firing',
      '300 email admin@yumzoom.com meta',
      '1800 slack #ops firing',
    ]);
    expect(rig.receivers.received[2]?.reason).toBe(
      'nobody is on call in schedule "Gap"; the next step was sent at once',
    );
  });

  test('with nobody on call at the last step the numbers of the settings are told', async () => {
    const rig = await fired(policy('steps: [{delay: 60, notify: [phone_call]}], schedule: Gap'), 100);
    expect(rig.timeline()).toEqual([
      '0 slack #ops firing',
      '60 phone_call +442071838750 firing',
      '60 email admin@yumzoom.com meta',
    ]);
  });

  test('and without such numbers the platform’s own receivers', async () => {
    const rig = await fired(policy('steps: [{delay: 60, notify: [phone_call]}], schedule: Gap', MAIL), 100);
    expect(rig.timeline()).toEqual([
      '0 slack #ops firing',
      '60 email admin@yumzoom.com firing',
      '60 email admin@yumzoom.com meta',
    ]);
  });

  test('somebody on call without a number is replaced by the fallback', async () => {
    const rig = await fired(policy('steps: [{delay: 0, notify: [sms]}], schedule: Mail'), 10);
    expect(rig.timeline()).toEqual(['0 slack #ops firing', '0 email admin@yumzoom.com firing']);
    expect(rig.receivers.received[1]?.reason).toBe('sms/Eve is failing: Eve has none');
  });

  test('e-mail goes to whoever is on call where nobody else gets it', async () => {
    const rig = await fired(policy('steps: [{delay: 0, notify: [email]}], schedule: Mail', ''), 10);
    expect(rig.timeline()).toEqual(['0 slack #ops firing', '0 email eve@yumzoom.com firing']);
  });

  test('a repeat goes to whoever is on call by then', async () => {
    const rig = await fired(
      policy('steps: [{delay: 0, notify: [sms]}], schedule: Primary, repeat: {every: 61m, max: 1}'),
      3_700,
    );
    expect(rig.timeline().filter((line) => line.includes('sms'))).toEqual([
      '0 sms +442071838751 firing',
      '3660 sms +442071838752 repeat',
    ]);
  });

  test('multi_ack: who acknowledged is left alone, the others on the step are told until they do too', async () => {
    const steps = 'steps: [{delay: 0, notify: [sms]}, {delay: 120, notify: [slack]}]';
    const rig = await fired(policy(`${steps}, people: [Ada, Bob], multi_ack: true, repeat: {every: 5m, max: 9}`), 60);
    await rig.acknowledge('Ada');
    await rig.until(400);
    expect(rig.timeline().slice(3)).toEqual(['360 slack #ops repeat', '360 sms +442071838752 repeat']);
    await rig.acknowledge('Bob');
    await rig.until(1_000);
    expect(rig.timeline().slice(5)).toEqual(['660 slack #ops repeat', '960 slack #ops repeat']);
  });

  test('without multi_ack the first acknowledgement stops it for all', async () => {
    const steps = 'steps: [{delay: 0, notify: [sms]}, {delay: 120, notify: [slack]}]';
    const rig = await fired(policy(`${steps}, people: [Ada, Bob], repeat: {every: 5m, max: 9}`), 60);
    await rig.acknowledge('Ada');
    await rig.until(1_000);
    expect(rig.timeline()).toHaveLength(3);
  });
});
