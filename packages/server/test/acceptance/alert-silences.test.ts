import { expect, test } from 'vitest';
import { type MakeRig, onBothStores } from '../support/both-stores.ts';

/** A critical alert pages with a policy; a warning is told directly, on the grid of its group. */
const LEVELS = `
alert_settings: {email_notifications: [admin@yumzoom.com]}
grouping: {by: [service], group_wait: 0s, group_interval: 30s, repeat_interval: 30s}
alert_rules:
  - {name: Load, condition: "last_load > 5", time_window: 60s, severity: critical, eval_interval: 30s, keep_firing_for: 0s, escalation: page, notifications: [{slack: "#ops"}], labels: {service: load}}
  - {name: Heat, condition: "last_heat > 5", time_window: 60s, severity: warning, eval_interval: 30s, keep_firing_for: 0s, notifications: [{slack: "#heat"}], labels: {service: room}}
  - {name: Damp, condition: "last_damp > 5", time_window: 60s, severity: warning, eval_interval: 30s, keep_firing_for: 0s, notifications: [{slack: "#heat"}], labels: {service: room}}
escalation_policies:
  page: [{delay: 0, notify: [slack]}, {delay: 300, notify: [email]}, {delay: 900, notify: [slack]}]
`;

onBothStores((makeRig: MakeRig) => {
  test('a silenced alert is not told; when the silence ends its escalation begins, with the same gaps', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('load', 30, 2_000, 30, 9);
    await rig.until(10);
    await rig.silence(['alertname="Load"'], 400);
    await rig.until(1_000);
    expect(rig.timeline()).toEqual(['400 slack #ops firing', '700 email admin@yumzoom.com firing']);
  });

  test('a silence in the middle of an escalation stops its clock', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('load', 30, 3_000, 30, 9);
    await rig.until(60);
    await rig.silence(['severity="critical"', 'service=~"lo.*"'], 600);
    await rig.until(1_300);
    expect(rig.timeline()).toEqual([
      '30 slack #ops firing',
      '600 email admin@yumzoom.com firing',
      '1200 slack #ops firing',
    ]);
  });

  test('who was told of the firing is told of its end in spite of a silence', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('load', 30, 100, 30, 9);
    rig.gauge('load', 120, 200, 30, 1);
    await rig.until(60);
    await rig.silence(['alertname="Load"'], 3_600);
    await rig.until(300);
    expect(rig.timeline()).toEqual(['30 slack #ops firing', '120 slack #ops resolved']);
  });

  test('an alert that begins and ends within a silence is never told', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('load', 30, 100, 30, 9);
    rig.gauge('load', 120, 200, 30, 1);
    await rig.silence(['alertname="Load"'], 90);
    await rig.until(10);
    await rig.silence(['alertname="Load"'], 3_600);
    await rig.until(400);
    expect(rig.timeline()).toEqual([]);
  });

  test('the others of a group are told, and the silenced one joins them on their grid afterwards', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('heat', 0, 400, 30, 9);
    rig.gauge('damp', 0, 400, 30, 9);
    await rig.until(10);
    await rig.silence(['alertname="Heat"'], 75, 15);
    await rig.until(100);
    const told = rig.receivers.received.map(({ t, alerts }) => `${t} ${alerts.length}`);
    expect(told).toEqual(['0 2', '30 1', '60 1', '90 2']);
  });

  test('a silence that is ended by hand lets its alerts speak at once', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('load', 30, 2_000, 30, 9);
    const id = await rig.silence(['alertname="Load"'], 3_600);
    await rig.until(100);
    await rig.unsilence(id);
    await rig.until(101);
    expect(rig.timeline()).toEqual(['100 slack #ops firing']);
    expect((await rig.store.silences())[0]).toMatchObject({ endedBy: 'bob', author: 'ada', reason: 'deploy' });
  });

  test('until resolved: it also mutes what begins meanwhile, and ends with what it was made for', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('heat', 0, 100, 30, 9);
    rig.gauge('heat', 120, 800, 30, 1);
    rig.gauge('damp', 60, 800, 30, 9);
    await rig.until(10);
    await rig.silence(['service="room"'], null);
    await rig.until(119);
    expect(rig.timeline()).toEqual(['0 slack #heat firing']);
    await rig.until(125);
    expect(rig.receivers.received.slice(1).map(({ t, kind, rule }) => `${t} ${kind} ${rule}`)).toEqual([
      '120 resolved Heat',
      '120 firing Damp',
    ]);
  });

  test('a message that waits for its next attempt does not leave once it is silenced, and is written anew afterwards', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('load', 30, 2_000, 30, 9);
    rig.receivers.answer = ({ t }) =>
      t < 60 ? { outcome: 'retry', reason: 'answered 503', maybeDelivered: false, retryAfterMs: 20_000 } : undefined;
    await rig.until(35);
    await rig.silence(['alertname="Load"'], 200);
    await rig.until(300);
    expect(rig.receivers.refusals.map(({ t }) => t)).toEqual([30]);
    expect(rig.timeline()).toEqual(['200 slack #ops firing']);
  });

  test('a restart inside a silence lets nothing through', async () => {
    const rig = await makeRig(LEVELS);
    rig.gauge('load', 30, 2_000, 30, 9);
    await rig.silence(['alertname="Load"'], 400);
    await rig.until(100);
    rig.kill();
    await rig.until(150);
    rig.boot();
    await rig.until(399);
    expect(rig.timeline()).toEqual([]);
    await rig.until(400);
    expect(rig.timeline()).toEqual(['400 slack #ops firing']);
  });

  test.each([
    [['alertname="Load"'], 40 * 86_400, 'deploy', 'more than 30 days must be confirmed'],
    [['alertname="Load"'], -5, 'deploy', 'ends before it begins'],
    [['alertname="Load"'], 60, ' ', 'needs a reason'],
    [['x=~".*"'], 60, 'deploy', 'does not hold for every alert'],
    [[], 60, 'deploy', 'does not hold for every alert'],
    [['alertname'], 60, 'deploy', 'not a condition on a label'],
    [['alertname="Load"'], null, 'deploy', 'nothing whose end could be waited for'],
  ])('%j until %s for "%s" is refused: %s', async (matchers, end, reason, message) => {
    const rig = await makeRig(LEVELS);
    await expect(rig.silence(matchers, end, 0, reason)).rejects.toThrow(message);
  });

  test('silences that are long over are forgotten', async () => {
    const rig = await makeRig(LEVELS);
    await rig.silence(['alertname="Load"'], 60);
    await rig.silence(['alertname="Load"'], 20 * 86_400);
    await rig.store.pruneSilences(rig.clock.now() + 6 * 86_400_000);
    expect(await rig.store.silences()).toHaveLength(1);
  });
});
