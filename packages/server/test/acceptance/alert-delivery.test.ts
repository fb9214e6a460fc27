import { expect, test } from 'vitest';
import { type AlertRig, START } from '../support/alert-rig.ts';
import { type MakeRig, onBothStores } from '../support/both-stores.ts';

const PHONES = `  twilio: {account_sid: AC00000000000000000000000000000000, auth_token: not-used, from: "+442071838759"}
`;
const PAGERDUTY = `  pagerduty: {page: {key: 0123456789abcdef0123456789abcdef}}
`;
const CHANNELS = ['slack', 'email', 'sms', 'phone_call', 'pagerduty'];
const NUMBER = '+442071838750';
const RULE = 'time_window: 60s, severity: critical, eval_interval: 60s, keep_firing_for: 0s';

function load(notifications: string, steps: string, more = '') {
  return `${PHONES}${PAGERDUTY}
alert_settings: {email_notifications: [admin@yumzoom.com], sms_notifications: ["${NUMBER}"]}
alert_rules:
  - {name: Load, condition: "last_load > 5", ${RULE}, notifications: [${notifications}], escalation: page}
escalation_policies:
  page: ${steps}
${more}`;
}

onBothStores((makeRig: MakeRig, name: string) => {
  async function fired(yaml: string, until: number, ends = 20_000): Promise<AlertRig> {
    const rig = await makeRig(yaml, { channels: CHANNELS });
    rig.gauge('load', 0, ends, 15, 9);
    rig.gauge('load', ends + 5, ends + 4_000, 15, 1);
    await rig.until(until);
    return rig;
  }
  const said = (rig: AlertRig) => rig.timeline();

  test('later steps, and the end, answer to the first message of a channel', async () => {
    const steps = '[{delay: 0, notify: [slack]}, {delay: 300, notify: [slack, email]}]';
    const rig = await fired(load('{slack: "#ops"}', steps), 800, 600);
    expect(rig.receivers.received.map(({ channel, kind, thread }) => `${channel} ${kind} ${thread}`)).toEqual([
      'slack firing null',
      'slack firing slack-1',
      'email firing null',
      'slack resolved slack-1',
      'email resolved email-3',
    ]);
  });

  test('escalating sends the next step now, and the later ones keep their distance', async () => {
    const steps =
      '{steps: [{delay: 0, notify: [slack]}, {delay: 300, notify: [email]}, {delay: 900, notify: [sms]}], repeat: {every: 1h, max: 1}}';
    const rig = await fired(load('{slack: "#ops"}', steps), 100);
    await rig.acknowledge('ada');
    await rig.until(120);
    await rig.act((alertId) => ({ type: 'escalated', alertId, by: 'ada', via: 'phone' }));
    await rig.until(1_000);
    expect(said(rig)).toEqual([
      '0 slack #ops firing',
      '120 email admin@yumzoom.com firing',
      `720 sms ${NUMBER} firing`,
    ]);
    await rig.act((alertId) => ({ type: 'escalated', alertId, by: 'ada', via: 'phone' }));
    await rig.until(1_010);
    expect(said(rig).slice(3)).toEqual([`1000 sms ${NUMBER} repeat`]);
  });

  test('an alert resolved by hand tells everybody, and opens again when it goes on', async () => {
    const steps = '[{delay: 0, notify: [slack]}, {delay: 600, notify: [email]}]';
    const rig = await fired(load('{slack: "#ops"}', steps), 60);
    await rig.act((alertId) => ({ type: 'closed', alertId, by: 'ada', via: 'slack' }));
    await rig.until(1_000);
    expect(said(rig)).toEqual([
      '0 slack #ops firing',
      '60 slack #ops resolved',
      '360 slack #ops firing',
      '960 email admin@yumzoom.com firing',
    ]);
    expect(rig.receivers.received[2]?.reason).toBe('it still fires, although ada resolved it by slack');
  });

  test('an alert resolved by hand stays so when what it is about ends', async () => {
    const rig = await fired(load('{slack: "#ops"}', '[{delay: 0, notify: [slack]}]'), 60, 120);
    await rig.act((alertId) => ({ type: 'closed', alertId, by: 'ada', via: 'slack' }));
    await rig.until(2_000);
    expect(said(rig)).toEqual(['0 slack #ops firing', '60 slack #ops resolved']);
  });

  const RING = '{steps: [{delay: 0, notify: [sms]}, {delay: 300, notify: [phone_call]}], repeat: {every: 1h, max: 1}}';

  test('while PagerDuty has the alert no phone rings', async () => {
    const rig = await fired(load('{slack: "#ops"}, {pagerduty: page}', RING), 800, 600);
    expect(said(rig)).toEqual([
      '0 slack #ops firing',
      '0 pagerduty page firing',
      '660 slack #ops resolved',
      '660 pagerduty page resolved',
    ]);
  });

  test('phones ring when PagerDuty has not taken the alert within a minute', async () => {
    const rig = await makeRig(load('{slack: "#ops"}, {pagerduty: page}', RING), { channels: CHANNELS });
    rig.receivers.answer = ({ channel }) =>
      channel === 'pagerduty' ? { outcome: 'retry', reason: 'answered 503', maybeDelivered: false } : undefined;
    rig.gauge('load', 0, 20_000, 15, 9);
    await rig.until(400);
    expect(said(rig).filter((line) => line.includes(NUMBER))).toEqual([
      `60 sms ${NUMBER} firing`,
      `300 phone_call ${NUMBER} firing`,
    ]);
  });

  test('phones ring at once when PagerDuty refuses the alert', async () => {
    const rig = await makeRig(load('{pagerduty: page}', RING), { channels: CHANNELS });
    rig.receivers.answer = ({ channel }) =>
      channel === 'pagerduty' ? { outcome: 'refused', reason: 'answered 400' } : undefined;
    rig.gauge('load', 0, 20_000, 15, 9);
    await rig.until(10);
    expect(said(rig)).toContain(`0 sms ${NUMBER} firing`);
  });

  test('PagerDuty hears of an acknowledgement, Slack by a webhook does not', async () => {
    const rig = await fired(load('{slack: "#ops"}, {pagerduty: page}', '[{delay: 0, notify: [slack]}]'), 30);
    await rig.acknowledge('ada');
    await rig.until(40);
    expect(said(rig).slice(2)).toEqual(['30 pagerduty page acknowledged']);
    expect(rig.receivers.received[2]?.key).toMatch(/:acknowledged\d+$/);
  });

  test('a call that nobody answers is made three times, a minute apart, then the fallback is told', async () => {
    const steps = '{steps: [{delay: 0, notify: [phone_call]}], repeat: {every: 1h, max: 1}}';
    const rig = await fired(load('{slack: "#ops"}', steps), 5);
    const unanswered = async () => {
      const call = rig.receivers.received.filter(({ channel }) => channel === 'phone_call').at(-1);
      await rig.report(call?.id ?? '', 'no-answer', true);
    };
    for (const t of [30, 120, 210]) {
      await rig.until(t);
      await unanswered();
    }
    await rig.until(400);
    expect(said(rig).slice(1)).toEqual([
      `0 phone_call ${NUMBER} firing`,
      `90 phone_call ${NUMBER} firing`,
      `180 phone_call ${NUMBER} firing`,
      '210 email admin@yumzoom.com firing',
    ]);
  });

  test('an answer, an acknowledgement or the end stop the calls', async () => {
    const steps = '{steps: [{delay: 0, notify: [phone_call]}], repeat: {every: 1h, max: 1}}';
    const rig = await fired(load('{slack: "#ops"}', steps), 5);
    const id = rig.receivers.received.find(({ channel }) => channel === 'phone_call')?.id ?? '';
    await rig.report(id, 'busy', true);
    await rig.acknowledge('ada', 'slack');
    await rig.until(400);
    await rig.report(id, 'no-answer', true);
    await rig.until(500);
    expect(said(rig).slice(1)).toEqual([`0 phone_call ${NUMBER} firing`]);
  });

  const OWN = `people: [{name: Ada, phone: "+442071838751", email: ada@yumzoom.com, slack: U024BE7LH}]
schedules: [{name: Primary, layers: [{people: [Ada], start: 2026-01-01T00:00}]}]
`;

  test('who is on call and not reached by SMS is called, then mailed', async () => {
    const steps = '{steps: [{delay: 0, notify: [sms]}], schedule: Primary, repeat: {every: 1h, max: 1}}';
    const rig = await makeRig(load('{slack: "#ops"}', steps, OWN), { channels: CHANNELS });
    rig.receivers.answer = ({ channel }) =>
      channel === 'sms' || channel === 'phone_call' ? { outcome: 'refused', reason: 'answered 400' } : undefined;
    rig.gauge('load', 0, 20_000, 15, 9);
    await rig.until(20);
    expect(rig.receivers.refusals.map(({ channel }) => channel)).toEqual(['sms', 'phone_call']);
    expect(said(rig).slice(1)).toEqual(['0 email ada@yumzoom.com firing']);
  });

  test('later steps call whoever is on call in Slack', async () => {
    const steps = '{steps: [{delay: 0, notify: [slack]}, {delay: 60, notify: [slack]}], schedule: Primary}';
    const rig = await fired(load('{slack: "#ops"}', steps, OWN), 70);
    expect(rig.receivers.received.map(({ mentions }) => mentions)).toEqual([[], ['U024BE7LH']]);
  });

  test('one number gets one SMS a minute and five in a quarter of an hour; what waits leaves as one', async () => {
    const rules = Array.from(
      { length: 8 },
      (_, index) =>
        `  - {name: R${index}, condition: "last_load${index} > 5", ${RULE}, notifications: [{sms: "${NUMBER}"}], escalation: none}`,
    );
    const rig = await makeRig(
      `${PHONES}alert_settings: {email_notifications: [admin@yumzoom.com]}
escalation_policies: {none: {steps: [{delay: 0, notify: [sms]}], repeat: {every: 10h, max: 1}}}
alert_rules:
${rules.join('\n')}
`,
      { channels: CHANNELS },
    );
    rules.forEach((_, index) => {
      rig.gauge(`load${index}`, 0, index * 60 - 15, 15, 1);
      rig.gauge(`load${index}`, index * 60, 2_000, 15, 9);
    });
    await rig.until(1_000);
    expect(said(rig).filter((line) => line.includes('sms'))).toEqual(
      [0, 60, 120, 180, 240, 900].map((t) => `${t} sms ${NUMBER} firing`),
    );
    const last = rig.receivers.received.at(-1);
    expect(last?.alerts).toHaveLength(3);
    expect(last?.title).toBe('3 alerts firing (R5, R6, R7)');
    const bundle = await rig.store.leftAs(last?.id ?? '');
    expect(bundle).toHaveLength(3);
  });

  test('a bundle whose fate nobody knows goes out again as one, under the same id', async () => {
    const rules = ['A', 'B', 'C'].map(
      (name) =>
        `  - {name: ${name}, condition: "last_load > 5", ${RULE}, notifications: [{sms: "${NUMBER}"}], escalation: none}`,
    );
    const rig = await makeRig(
      `${PHONES}escalation_policies: {none: {steps: [{delay: 0, notify: [sms]}], repeat: {every: 10h, max: 1}}}
alert_rules:
${rules.join('\n')}
`,
      { channels: CHANNELS },
    );
    rig.receivers.answer = ({ t }) =>
      t < 5 ? { outcome: 'retry', reason: 'hung up', maybeDelivered: true } : undefined;
    rig.gauge('load', 0, 2_000, 15, 9);
    await rig.until(30);
    const ids = new Set([...rig.receivers.refusals, ...rig.receivers.received].map(({ id }) => id));
    expect(ids.size).toBe(1);
    expect(rig.receivers.received).toHaveLength(1);
    expect(rig.receivers.received[0]?.alerts).toHaveLength(3);
  });

  test('while a target that does not answer has all it may have, only an answer wakes the delivery', async () => {
    let woken = 0;
    const rig = await makeRig(
      'pushed_alerts: [{notifications: [{slack: "#slow"}]}]\ngrouping: {by: [n], group_wait: 0s}',
      {
        wake: () => woken++,
      },
    );
    rig.receivers.answer = () => ({ delayMs: 9_000 });
    await rig.until(1);
    const count = 100;
    await rig.engine?.accept(Array.from({ length: count }, (_, n) => ({ labels: { alertname: 'A', n: `${n}` } })));
    await rig.run();
    const out = rig.receivers.attempts;
    expect(out).toBeGreaterThan(0);
    expect(out).toBeLessThan(count);
    woken = 0;
    await rig.until(9);
    const next = (await rig.engine?.serve()) ?? 0;
    expect(next - rig.clock.now()).toBeGreaterThan(10_000);
    expect(woken).toBe(0);
    await rig.clock.advance(1_000);
    await rig.settled();
    expect(woken).toBeGreaterThan(0);
    await rig.run();
    expect(rig.receivers.attempts).toBe(count);
  });

  const FAILS = { outcome: 'retry', reason: 'answered 503', maybeDelivered: false } as const;

  test('a channel by which nothing arrives for a quarter of an hour is dead, another is not', async () => {
    const rig = await makeRig(load('{slack: "#ops"}, {email: [ops@yumzoom.com]}', '[{delay: 0, notify: [slack]}]'), {
      channels: CHANNELS,
    });
    rig.receivers.answer = ({ channel }) => (channel === 'slack' ? FAILS : undefined);
    rig.gauge('load', 0, 2_000, 15, 9);
    await rig.until(20);
    expect(await rig.store.deadChannels(START + 899_000)).toEqual([]);
    const dead = { channel: 'slack', since: START, lastError: 'answered 503' };
    expect(await rig.store.deadChannels(START + 900_000)).toEqual([dead]);
    rig.receivers.answer = () => undefined;
    await rig.until(90);
    expect(await rig.store.deadChannels(START + 990_000)).toEqual([]);
  });

  test.runIf(name === 'memory')('the platform tells of a dead channel, and when something arrives again', async () => {
    const rig = await makeRig(load('{slack: "#ops"}', '[{delay: 0, notify: [slack]}]'), { channels: CHANNELS });
    rig.receivers.answer = ({ channel, t }) => (channel === 'slack' && t < 1_000 ? FAILS : undefined);
    rig.gauge('load', 0, 2_000, 15, 9);
    await rig.until(1_200);
    const alarms = rig.receivers.received.filter(({ rule }) => rule.startsWith('Channel is dead'));
    expect(alarms[0]).toMatchObject({ channel: 'email', kind: 'firing' });
    expect(Math.round((alarms[0]?.t ?? 0) / 60)).toBe(15);
    expect(alarms[0]?.title).toContain('nothing has been delivered by Slack since 2026-01-05 10:00 UTC: answered 503');
    expect(alarms.at(-1)?.kind).toBe('resolved');
  });
});
