import type { Alert, Monitor } from '@yumops/protocol';
import { describe, expect, test } from 'vitest';
import { drawVerdict, type Evidence } from './verdict.ts';

const monitor = (name: string, state: Monitor['state'], more: Partial<Monitor> = {}): Monitor => ({
  id: name,
  name,
  kind: 'http',
  url: 'https://yumzoom.app/',
  rewrittenTo: null,
  state,
  since: '2026-01-05T10:00:00.000Z',
  reason: null,
  lastCheckedAt: null,
  nextCheckAt: null,
  uptime90d: null,
  interval: 60,
  certificateDays: null,
  pingUrl: null,
  recent: [],
  ...more,
});

const alert = (rule: string, severity: Alert['severity'], more: Partial<Alert> = {}): Alert => ({
  id: rule,
  rule,
  severity,
  state: 'firing',
  labels: {},
  summary: '7.2 % of requests fail.',
  sentence: '',
  value: 7.2,
  threshold: 5,
  unit: '%',
  startedAt: '2026-01-05T10:05:00.000Z',
  resolvedAt: null,
  acknowledgedBy: null,
  acknowledgedAt: null,
  mutedBy: null,
  flappingSince: null,
  runbook: null,
  ...more,
});

const quiet = {
  service: 'yumzoom',
  firing: [],
  monitors: [monitor('Home', 'up')],
  requests: 500,
  pipeline: { spoolBytes: 0, lagSeconds: 0, rejected: 0, dropped: 0 },
  ownProblems: [],
  configErrors: 0,
} satisfies Evidence;

describe('the sentence', () => {
  const cases: [string, Partial<Evidence>, string, string][] = [
    ['all well', {}, 'healthy', 'yumzoom is healthy.'],
    [
      'nothing known',
      { monitors: [monitor('Home', 'pending')], requests: 0 },
      'unknown',
      'Nothing is known about yumzoom yet: no request and no check has arrived.',
    ],
    [
      'the store is away and no monitor answered',
      { monitors: [], requests: null },
      'unknown',
      'Nothing is known about yumzoom yet: no request and no check has arrived.',
    ],
    [
      'every monitor down',
      { monitors: [monitor('A', 'down'), monitor('B', 'down')] },
      'down',
      'yumzoom is down: all 2 monitors fail.',
    ],
    [
      'one of two down',
      { monitors: [monitor('A', 'down'), monitor('B', 'up')] },
      'degraded',
      'yumzoom is degraded: A is down.',
    ],
    [
      'slow',
      { monitors: [monitor('A', 'degraded')] },
      'degraded',
      'yumzoom is degraded: A is not as good as expected.',
    ],
    [
      'an alert',
      { firing: [alert('High Error Rate', 'critical')] },
      'degraded',
      'yumzoom is degraded: 7.2 % of requests fail.',
    ],
    [
      'a warning before a critical one',
      { firing: [alert('Slow', 'warning', { summary: 'Slow.' }), alert('High Error Rate', 'critical')] },
      'degraded',
      'yumzoom is degraded: 7.2 % of requests fail. 1 more alert is firing: Slow.',
    ],
  ];
  test.each(cases)('%s', (_name, more, verdict, sentence) => {
    expect(drawVerdict({ ...quiet, ...more })).toMatchObject({ verdict, sentence });
  });
});

describe('what needs doing', () => {
  test('is empty when all is well', () => {
    expect(drawVerdict(quiet).todo).toEqual([]);
  });

  test('stands worst first, and an alerted monitor once', () => {
    const { todo } = drawVerdict({
      ...quiet,
      configErrors: 2,
      ownProblems: ['The telemetry store does not answer.'],
      firing: [alert('Monitor down', 'critical', { labels: { monitor: 'A' } })],
      monitors: [monitor('A', 'down'), monitor('B', 'up', { certificateDays: 9 })],
    });
    expect(todo.map(({ severity, title }) => [severity, title])).toEqual([
      ['critical', 'Monitor down'],
      ['critical', 'A part of YumOps is not well'],
      ['warning', 'The certificate of B ends in 9 days'],
      ['warning', 'The configuration has 2 errors'],
    ]);
  });

  test('names lag over two minutes', () => {
    const late = { ...quiet, pipeline: { ...quiet.pipeline, lagSeconds: 121 } };
    expect(drawVerdict(late).todo).toMatchObject([{ title: 'Telemetry arrives late' }]);
    expect(drawVerdict({ ...late, pipeline: { ...quiet.pipeline, lagSeconds: 120 } }).todo).toEqual([]);
  });
});
