import { expect, test } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import { MemoryAlertStore } from '../../src/respond/alerting/state/memory.ts';
import { AlertRig, configOf, START } from '../support/alert-rig.ts';

const RULES = `
alert_settings: {email_notifications: [admin@yumzoom.com]}
alert_rules:
  - name: High Error Rate
    condition: "error_rate > 5%"
    time_window: 5 minutes
    severity: critical
    eval_interval: 15s
    notifications: [{slack: "#alerts"}, {email: [devops@yumzoom.com]}]
    escalation: page
escalation_policies:
  page:
    - {delay: 0, notify: [slack, email]}
    - {delay: 300, notify: [slack]}
    - {delay: 900, notify: [email]}
`;

test('everything that was done about an alert, or left undone, says why', async () => {
  const clock = new FakeClock(START);
  const store = new MemoryAlertStore(() => clock.now());
  const rig = new AlertRig(configOf(RULES), { clock, store });
  rig.requests(-299, 0, 1, 10, 0);
  rig.requests(1, 1_200, 1, 10, 2);
  rig.requests(1_201, 3_000, 1, 10, 0);
  rig.receivers.answer = ({ channel, t }) =>
    channel === 'slack' && t < 100
      ? { outcome: 'retry', reason: 'answered 429', maybeDelivered: false, retryAfterMs: 30_000 }
      : undefined;
  await rig.until(380);
  await rig.silence(['service=api'], 500);
  await rig.until(700);
  await rig.acknowledge('ada');
  await rig.until(2_000);
  const rows = store.timeline.map(({ at, kind, from, to, reason }) => {
    const change = from || to ? ` ${from} → ${to}` : '';
    return `${(at - START) / 1_000} ${kind}${change}: ${reason}`;
  });
  expect(rows).toMatchInlineSnapshot(`
    [
      "90 firing inactive → firing: High Error Rate: 6 % of 3,000 requests failed in the last 5 min (limit 5 %), service api, environment production",
      "90 queued: slack/#alerts: first notification",
      "90 queued: email/devops@yumzoom.com: first notification",
      "90 retrying: slack/#alerts: answered 429; again in 30 s",
      "90 delivered: email/devops@yumzoom.com: taken",
      "120 delivered: slack/#alerts: taken, 30 s late",
      "390 muted: silenced by ada until 2026-01-05T10:08:20.000Z: deploy",
      "500 unmuted: nothing mutes it any more",
      "500 queued: slack/#alerts: step 5 min of page: not acknowledged",
      "500 delivered: slack/#alerts: taken",
      "700 acknowledged: ada acknowledged by console",
      "1515 resolved firing → resolved: 0 % of 3,000 requests failed in the last 5 min (limit 5 %)",
      "1515 queued: slack/#alerts: 0 % of 3,000 requests failed in the last 5 min (limit 5 %)",
      "1515 queued: email/devops@yumzoom.com: 0 % of 3,000 requests failed in the last 5 min (limit 5 %)",
      "1515 delivered: slack/#alerts: taken",
      "1515 delivered: email/devops@yumzoom.com: taken",
    ]
  `);
  // Each message names its reason, and the row of the timeline that wrote it does too.
  for (const { t, channel, target, reason } of rig.receivers.received) {
    expect(reason, `${t} ${channel}`).not.toBe('');
    expect(rows.some((row) => row.includes(`queued: ${channel}/${target}: ${reason}`))).toBe(true);
  }
});
