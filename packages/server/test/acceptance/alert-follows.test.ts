import { expect, test } from 'vitest';
import { START } from '../support/alert-rig.ts';
import { onBothStores } from '../support/both-stores.ts';

const CONFIG = `
alert_settings: {email_notifications: [admin@yumzoom.com]}
alert_rules:
  - name: Load
    condition: "last_load > 5"
    time_window: 30s
    severity: critical
    eval_interval: 15s
    by: [service]
    escalation: ops
    notifications: [{slack: "#ops"}]
    annotations: {what: "load of {{ .labels.service }} is {{ .value }}, limit {{ .threshold }}"}
escalation_policies: {ops: [{delay: 0, notify: [slack]}, {delay: 60, notify: [slack]}]}
`;

onBothStores((makeRig) => {
  test('later steps, pages and the end tell of the value then, not of that when it fired', async () => {
    const rig = await makeRig(CONFIG);
    const said: string[] = [];
    rig.receivers.answer = ({ t, body }) => {
      const [alert] = body.alerts;
      said.push(`${t} ${body.kind} ${alert?.value} ${alert?.annotations['what']} | ${alert?.summary}`);
      return undefined;
    };
    for (const [from, to, value] of [
      [0, 29, 9],
      [30, 119, 15],
      [120, 240, 1],
    ] as const) {
      for (let at = from; at <= to; at += 15) {
        rig.buckets.samples.push({ series: 'metric:load', at: START + at * 1_000, value, labels: { service: 'api' } });
      }
    }
    await rig.until(50);
    const [firing] = await rig.store.firingAlerts();
    expect(firing).toMatchObject({ value: 15, summary: expect.stringContaining('load is 15') });
    await rig.until(240);
    expect(said.map((line) => line.replace(/ over.*/, ''))).toEqual([
      '0 firing 9 load of api is 9, limit 5 | Load: load is 9',
      '60 firing 15 load of api is 15, limit 5 | Load: load is 15',
      expect.stringMatching(/resolved 1 .*Load: load is 1$/),
    ]);
  });

  test('a configuration that is refused is told to the platform’s own receivers, and when it is right again', async () => {
    const rig = await makeRig(CONFIG);
    await rig.until(10);
    rig.configRefusal = 'The configuration was not reloaded: alert-rules.yml:3:5 E101 unknown key "fro".';
    await rig.until(40);
    rig.configRefusal = null;
    await rig.until(60);
    expect(rig.timeline().map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'email admin@yumzoom.com firing',
      'email admin@yumzoom.com resolved',
    ]);
    expect(rig.receivers.received[0]).toMatchObject({ rule: 'Configuration is refused' });
  });
});
