import { expect, test } from 'vitest';
import { configOf } from '../../../../test/support/alert-rig.ts';
import type { RuleConfig } from '../config.ts';
import { judge } from './judge.ts';
import type { Reading } from './reading.ts';

const NOW = 1_000_000_000;

function rule(condition: string, keys = ''): RuleConfig {
  const [first] = configOf(
    `alert_rules: [{name: R, condition: "${condition}", time_window: 5m, severity: info, notifications: []${keys}}]`,
  ).rules;
  if (!first) throw new Error('no rule');
  return first;
}

function reading(fields: Partial<Reading>): Reading {
  return { labels: {}, count: 1_000, bad: 0, value: 0, series: 1, gapMs: 15_000, lastAt: NOW, ...fields };
}

test.each<[string, string, Partial<Reading> | null, string, string?]>([
  ['exactly the threshold is no breach', 'error_rate > 5%', { value: 5, bad: 50 }, 'between'],
  ['above it is', 'error_rate > 5%', { value: 5.000001, bad: 51 }, 'breach'],
  ['>= takes the threshold', 'error_rate >= 5%', { value: 5, bad: 50 }, 'breach'],
  ['the resolve threshold itself is not clear', 'error_rate > 5%', { value: 4, bad: 40 }, 'between'],
  ['below it is', 'error_rate > 5%', { value: 3.99, bad: 39 }, 'clear'],
  ['99 requests are too few', 'error_rate > 5%', { count: 99, bad: 90, value: 90 }, 'insufficient'],
  ['4 bad ones are too few', 'error_rate > 2%', { count: 100, bad: 4, value: 4 }, 'insufficient'],
  ['few bad ones do not keep an alert open', 'error_rate > 5%', { count: 100, bad: 0, value: 0 }, 'clear'],
  ['no requests at all', 'error_rate > 5%', null, 'insufficient'],
  ['no events count as none', 'failed_auth_attempts > 100', null, 'clear'],
  ['101 sign-ins', 'failed_auth_attempts > 100', { count: 101, value: 101 }, 'breach'],
  ['a level below', 'queue_depth < 3', { value: 2 }, 'breach'],
  ['a metric of the user’s own resolves at its threshold', 'queue_depth > 50', { value: 50 }, 'clear'],
  ['a gauge with a fifth of its samples missing', 'memory_usage > 85%', { value: 90, count: 16 }, 'breach'],
  ['a gauge with more missing', 'memory_usage > 85%', { value: 90, count: 9, gapMs: 15_000 }, 'insufficient'],
  [
    'pool samples at the pace of the SDK',
    'db_connection_usage > 90%',
    { value: 95, count: 20, gapMs: 15_000 },
    'breach',
  ],
  ['a gauge that is silent for a minute', 'memory_usage > 85%', { value: 90, lastAt: NOW - 60_001 }, 'nodata'],
  [
    'a gauge whose window is shorter than its pace',
    'queue_depth > 5',
    { value: null, count: 0, lastAt: NOW - 40_000 },
    'hold',
  ],
  ['a gauge that never sent', 'memory_usage > 85%', null, 'nodata'],
])('%s', (_name, condition, fields, kind) => {
  expect(judge(rule(condition), fields === null ? undefined : reading(fields), true, NOW).kind).toBe(kind);
});

test('without a living pipeline silence says nothing', () => {
  expect(judge(rule('failed_auth_attempts > 100'), undefined, false, NOW).kind).toBe('nodata');
  expect(judge(rule('error_rate > 5%'), undefined, false, NOW).kind).toBe('nodata');
});
