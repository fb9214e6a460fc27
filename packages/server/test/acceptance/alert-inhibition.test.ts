import { expect, test } from 'vitest';
import type { AlertRig } from '../support/alert-rig.ts';
import { type MakeRig, onBothStores } from '../support/both-stores.ts';

const RULE = 'time_window: 60s, eval_interval: 30s, keep_firing_for: 0s, severity: critical';
const RULES = `
alert_settings: {email_notifications: [admin@yumzoom.com]}
grouping: {by: [alertname, zone]}
inhibit_rules:
  - {source: ['alertname=Database'], target: ['alertname=~"Api|Database"'], equal: [zone]}
alert_rules:
  - {name: Database, condition: "last_db > 5", ${RULE}, notifications: [{slack: "#db"}], labels: {zone: a}}
  - {name: Api, condition: "last_api > 5", ${RULE}, notifications: [{slack: "#api"}], labels: {zone: a}}
  - {name: Api far, condition: "last_far > 5", ${RULE}, notifications: [{slack: "#far"}], labels: {alertname: Api, zone: b}}
`;

const MONITORS = `
alert_settings:
  email_notifications: [admin@yumzoom.com]
  escalation_policy: [{delay: 0, notify: [email]}, {delay: 60, notify: [email]}]
`;

function set(rig: AlertRig, states: Record<string, 'up' | 'down'>): void {
  rig.monitors = Object.entries(states).map(([name, state]) => ({
    ...{ id: name.toLowerCase(), name, state, since: rig.clock.now(), severity: 'critical', labels: {} },
    parent: name === 'Host' ? null : 'Host',
    reason: state,
  }));
}

const said = (rig: AlertRig) =>
  rig.receivers.received.map(({ t, kind, target, alerts }) => `${t} ${kind} ${target} ${alerts.length}`);

onBothStores((makeRig: MakeRig) => {
  test('an alert is not told of while another explains it, only where the labels are equal, and is afterwards', async () => {
    const rig = await makeRig(RULES);
    rig.gauge('db', 0, 100, 30, 9);
    rig.gauge('db', 120, 900, 30, 1);
    rig.gauge('api', 0, 900, 30, 9);
    rig.gauge('far', 0, 900, 30, 9);
    await rig.until(300);
    expect(rig.timeline().sort()).toEqual([
      '0 slack #db firing',
      '0 slack #far firing',
      '120 slack #api firing',
      '120 slack #db resolved',
    ]);
  });

  test('after a restart nothing leaks', async () => {
    const rig = await makeRig(RULES);
    rig.gauge('db', 0, 900, 30, 9);
    rig.gauge('api', 30, 900, 30, 9);
    await rig.until(45);
    rig.kill();
    await rig.until(50);
    rig.boot();
    await rig.until(400);
    expect(rig.timeline()).toEqual(['0 slack #db firing']);
  });

  test('a rule that matches both sides does not mute itself', async () => {
    const rig = await makeRig(RULES);
    rig.gauge('db', 0, 300, 30, 9);
    await rig.until(60);
    expect(rig.timeline()).toEqual(['0 slack #db firing']);
  });

  test('a monitor that is down mutes its children: one page; who is still down afterwards is told', async () => {
    const rig = await makeRig(MONITORS);
    set(rig, { Host: 'up', A: 'up', B: 'up' });
    await rig.until(4);
    set(rig, { Host: 'down', A: 'down', B: 'down' });
    await rig.until(100);
    expect(said(rig)).toEqual(['5 firing admin@yumzoom.com 1', '65 firing admin@yumzoom.com 1']);
    set(rig, { Host: 'up', A: 'up', B: 'down' });
    await rig.until(400);
    // At most one mail a minute to one address.
    expect(said(rig).slice(2)).toEqual([
      '125 firing admin@yumzoom.com 1',
      '185 firing admin@yumzoom.com 1',
      '305 resolved admin@yumzoom.com 1',
    ]);
  });

  test('a child that was told before goes quiet when its parent goes down, and is told of its own end', async () => {
    const rig = await makeRig(MONITORS);
    set(rig, { Host: 'up', A: 'down' });
    await rig.until(30);
    set(rig, { Host: 'down', A: 'down' });
    await rig.until(80);
    expect(said(rig)).toEqual(['0 firing admin@yumzoom.com 1', '60 firing admin@yumzoom.com 1']);
    set(rig, { Host: 'up', A: 'up' });
    await rig.until(90);
    expect(said(rig).slice(2)).toEqual(['85 resolved admin@yumzoom.com 2']);
  });
});
