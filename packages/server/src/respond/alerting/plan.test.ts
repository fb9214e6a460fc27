import { expect, test } from 'vitest';
import { configOf } from '../../../test/support/alert-rig.ts';
import { Plans } from './plans.ts';

const SETTINGS = `
alert_settings:
  email_notifications: [admin@yumzoom.com]
  sms_notifications: ["+442071838750"]
escalation_policies:
  now: [{delay: 0, notify: [slack, email]}, {delay: 300, notify: [sms]}]
  later: [{delay: 60, notify: [email]}]
`;

function planOf(keys: string, working = ['slack', 'email']) {
  const config = configOf(
    `${SETTINGS}alert_rules: [{name: R, condition: "error_rate > 5%", time_window: 5m, ${keys}}]`,
  );
  const [rule] = config.rules;
  if (!rule) throw new Error('no rule');
  return new Plans(config, new Set(working)).ofRule(rule, {
    rule: rule.name,
    severity: rule.severity,
    labels: {},
  } as never);
}

const shown = (plan: ReturnType<typeof planOf>) =>
  plan.steps.map(
    ({ delayMs, targets }) => `${delayMs / 1_000}: ${targets.map(({ channel, target }) => `${channel} ${target}`)}`,
  );

test('the first step is the union of the rule’s receivers and what the policy tells at once', () => {
  const plan = planOf('severity: critical, escalation: now, notifications: [{slack: "#a"}, {webhook: ops}]');
  expect(shown(plan)).toEqual(['0: slack #a,webhook ops,email admin@yumzoom.com', '300: sms +442071838750']);
  expect(plan).toMatchObject({ policy: 'now', repeat: { everyMs: 900_000, max: 3 }, groupWaitMs: 0 });
});

test('a pagerduty name that is only a policy attaches the policy', () => {
  expect(planOf('severity: critical, notifications: [{slack: "#a"}, {pagerduty: now}]').policy).toBe('now');
});

test('a policy that begins later leaves the rule’s receivers alone at the start', () => {
  expect(shown(planOf('severity: warning, escalation: later, notifications: [{slack: "#a"}]'))).toEqual([
    '0: slack #a',
    '60: email admin@yumzoom.com',
  ]);
});

test('receivers without a policy wait for their group and are told again every four hours', () => {
  expect(planOf('severity: warning, notifications: [{slack: "#a"}]')).toMatchObject({
    policy: null,
    groupWaitMs: 10_000,
    repeat: { everyMs: 14_400_000, max: null },
  });
});

test('a policy below critical is not repeated', () => {
  expect(planOf('severity: warning, escalation: now, notifications: []').repeat).toBeNull();
});

test('what cannot be sent says why', () => {
  const plan = planOf('severity: critical, escalation: now, notifications: [{slack: "#a"}]', ['email']);
  expect(plan.steps[0]?.targets[0]).toMatchObject({ target: '#a', broken: 'no slack integration is set up' });
  expect(plan.steps[1]?.targets[0]?.broken).toBe('SMS is not set up');
});
