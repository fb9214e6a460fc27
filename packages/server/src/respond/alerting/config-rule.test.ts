import { describe, expect, test } from 'vitest';
import type { Issue } from '../../lib/finding.ts';
import type { RawRule, Senders, Target } from './config.ts';
import { pagingAuthority, Receivers, resolveStepWord } from './config-receivers.ts';
import { compileRule } from './config-rule.ts';

const SENDERS: Senders = {
  slack: { channel: null, fixedChannel: false, broken: null },
  smtp: { broken: null },
  twilio: null,
  webhooks: [{ name: 'hook', broken: null }],
  pagerduty: [],
  opsgenie: [],
  teams: [],
  discord: [],
  telegram: [],
  ntfy: [],
};

function compile(raw: Partial<RawRule>, options: { policies?: string[]; routingKeys?: string[] } = {}) {
  const issues: Issue[] = [];
  const receivers = new Receivers({
    integrations: { ...SENDERS, pagerduty: (options.routingKeys ?? []).map((name) => ({ name, broken: null })) },
    policies: options.policies ?? [],
    slackChannels: [],
  });
  const rule: RawRule = { name: 'Rule', condition: 'error_rate > 5%', time_window: '5m', severity: 'warning', ...raw };
  return {
    rule: compileRule(rule, { receivers, retentionMs: () => 30 * 86_400_000 }, (issue) => issues.push(issue)),
    issues,
  };
}

describe('defaults', () => {
  test.each([
    ['2m', 15_000],
    ['5m', 30_000],
    ['30s', 15_000],
    ['10m', 60_000],
    ['1 hour', 60_000],
  ])('a window of %s is evaluated every %s ms', (time_window, evalIntervalMs) => {
    expect(compile({ time_window }).rule).toMatchObject({ evalIntervalMs });
  });

  test.each([
    ['error_rate > 5%', 4],
    ['error_rate > 0.3%', 0.24],
    ['avg_response_time > 2000ms', 1_800],
    ['memory_usage > 85%', 80],
    ['failed_auth_attempts > 100', 80],
    ['request_rate < 10', 12.5],
    ['memory_usage < 10%', 15],
    ['queue_depth > 7', 7],
    ['error_rate == 5%', 5],
  ])('%s resolves at %s', (condition, resolve) => {
    expect(compile({ condition }).rule).toMatchObject({ resolve });
  });

  test('a written value wins', () => {
    const { rule, issues } = compile({
      resolve: '3%',
      min_count: 10,
      min_bad: 0,
      by: 'endpoint',
      eval_interval: 5,
      keep_firing_for: '2m',
      no_data: 'alerting',
      ack_timeout: '1h',
      project: '1',
    });
    expect(issues).toEqual([]);
    expect(rule).toMatchObject({
      resolve: 3,
      minCount: 10,
      minBad: 0,
      by: ['endpoint'],
      evalIntervalMs: 5_000,
      keepFiringForMs: 120_000,
      noData: 'alerting',
      ackTimeoutMs: 3_600_000,
      projects: ['1'],
    });
  });
});

describe('a pagerduty name', () => {
  const notifications = [{ slack: '#a' }, { pagerduty: 'high' }];

  test('that is a policy attaches the policy and is no target', () => {
    const { rule, issues } = compile({ notifications, severity: 'critical' }, { policies: ['high'] });
    expect(issues).toEqual([]);
    expect(rule).toMatchObject({
      escalation: 'high',
      notifications: [{ channel: 'slack', target: '#a', broken: null }],
    });
  });

  test('that is both is a warning, unless escalation names the policy', () => {
    const both = { policies: ['high', 'other'], routingKeys: ['high'] };
    expect(compile({ notifications }, both).issues.map(({ code }) => code)).toEqual(['W204']);
    const { rule, issues } = compile({ notifications, escalation: 'other' }, both);
    expect(issues).toEqual([]);
    expect(rule?.escalation).toBe('other');
    expect(rule?.notifications).toContainEqual({ channel: 'pagerduty', target: 'high', broken: null });
  });

  test('that is both makes PagerDuty the one that calls people', () => {
    const both = { policies: ['high', 'other'], routingKeys: ['high'] };
    const { rule } = compile({ notifications }, both);
    expect(pagingAuthority(rule?.notifications ?? [], rule?.escalation ?? null)).toMatchObject({ target: 'high' });
    const other = compile({ notifications, escalation: 'other' }, both).rule;
    expect(pagingAuthority(other?.notifications ?? [], other?.escalation ?? null)).toBeUndefined();
  });

  test('that is neither is an error at its place', () => {
    expect(compile({ notifications }, { policies: ['hihg'] }).issues).toMatchObject([
      { code: 'E202', path: ['notifications', 1, 'pagerduty'], suggestion: 'did you mean "hihg"?' },
    ]);
  });
});

test('one address named twice is one target', () => {
  const { rule } = compile({
    notifications: [{ email: ['a@example.com', 'b@example.com'] }, { email: 'a@example.com' }],
  });
  expect(rule?.notifications.map(({ target }) => target)).toEqual(['a@example.com', 'b@example.com']);
});

test.each([
  ['+12125550100', true],
  ['+442071838750', true],
  ['+1234567890', false],
  ['+11125550100', false],
  ['2125550100', false],
  ['+0123456789', false],
])('the phone number %s is good: %s', (sms, good) => {
  expect(compile({ notifications: [{ sms }] }).issues.some(({ code }) => code === 'E206')).toBe(!good);
});

describe('the words of a step', () => {
  const email: Target = { channel: 'email', target: 'ops@example.com', broken: null };
  const sms: Target = { channel: 'sms', target: '+442071838750', broken: null };
  const config = { alertSettings: { email: [email], sms: [sms] }, integrations: SENDERS };
  const own: Target[] = [{ channel: 'slack', target: '#own', broken: null }];

  test.each([
    ['slack', own, ['#own']],
    ['slack', [], ['default']],
    ['email', own, ['ops@example.com']],
    ['phone_call', [], ['+442071838750']],
    ['webhook', [], ['hook']],
    ['pagerduty', [], []],
  ] as const)('%s', (word, direct, targets) => {
    const resolved = resolveStepWord(word, direct, config);
    expect(resolved.map(({ target }) => target)).toEqual(targets);
    expect(resolved.every(({ channel }) => channel === word)).toBe(true);
  });
});

describe('sentences', () => {
  test.each([
    [
      { condition: 'error_rate > 5%' },
      'Fires when more than 5 % of at least 100 requests in the last 5 minutes failed.',
    ],
    [
      { condition: 'error_rate{service=api} >= 5%', min_count: 0 },
      'Fires when 5 % or more of all requests with service api in the last 5 minutes failed.',
    ],
    [
      { condition: 'log_error_rate < 1%' },
      'Fires when less than 1 % of at least 100 log records in the last 5 minutes were errors.',
    ],
    [
      { condition: 'p95_response_time > 2s', for: '1m' },
      'Fires when the 95th percentile of the response time of at least 30 requests in the last 5 minutes is above 2,000 ms, and this has been so for 1 minute.',
    ],
    [
      { condition: 'failed_auth_attempts > 100 per hour', time_window: '10m' },
      'Fires when there were more than 100 failed sign-ins in the last 10 minutes, scaled to one hour.',
    ],
    [{ condition: 'request_rate < 1' }, 'Fires when the request rate over the last 5 minutes is below 1 per second.'],
    [{ condition: 'last_queue_depth > 10' }, 'Fires when the latest queue_depth is above 10.'],
    [
      { condition: 'max_upload_size > 2MiB' },
      'Fires when the highest upload_size over the last 5 minutes is above 2 MiB.',
    ],
  ])('%o', (raw, sentence) => {
    expect(compile(raw).rule?.sentence).toBe(sentence);
  });
});
