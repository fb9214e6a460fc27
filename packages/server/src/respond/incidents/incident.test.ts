import type { IncidentStatus } from '@yumops/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acknowledge, type Incident, isOpen, moveStatus, PLATFORM, timesOf } from './incident.ts';
import { quantile, statisticsOf } from './statistics.ts';

const START = Date.UTC(2026, 0, 5, 10);
const STATUSES: IncidentStatus[] = [
  'triage',
  'investigating',
  'identified',
  'monitoring',
  'resolved',
  'closed',
  'cancelled',
];

function incident(given: Partial<Incident> = {}): Incident {
  return {
    ...{ id: 'i', number: 1, title: 'Orders fail', summary: '', severity: 'major', status: 'triage', drill: false },
    ...{ source: 'alert', key: null, labels: {}, runbook: null, roles: {}, declaredBy: PLATFORM },
    ...{ startedAt: START, detectedAt: START + 60_000, declaredAt: START + 60_000, movedAt: START + 60_000 },
    ...{ acknowledgedAt: null, acknowledgedBy: null, mitigatedAt: null, resolvedAt: null, reopened: 0 },
    ...given,
  };
}

const minutes = (n: number) => START + n * 60_000;

describe('a status', () => {
  test.each<[IncidentStatus, IncidentStatus, string]>([
    ['triage', 'triage', 'incident_status'],
    ['triage', 'closed', 'incident_status'],
    ['monitoring', 'closed', 'incident_status'],
    ['resolved', 'cancelled', 'incident_status'],
    ['closed', 'resolved', 'incident_status'],
  ])('cannot go from %s to %s', (from, to, code) => {
    const move = { status: to, at: minutes(5), by: 'ada' };
    expect(() => moveStatus(incident({ status: from }), move, minutes(5))).toThrow(expect.objectContaining({ code }));
  });

  test('has its times in order: not before the change before it, not in the future', () => {
    const open = incident({ status: 'investigating', movedAt: minutes(10) });
    for (const at of [minutes(9), minutes(21)]) {
      expect(() => moveStatus(open, { status: 'identified', at, by: 'ada' }, minutes(20))).toThrow(
        expect.objectContaining({ code: 'incident_time' }),
      );
    }
    expect(moveStatus(open, { status: 'identified', at: minutes(10), by: 'ada' }, minutes(20)).movedAt).toBe(
      minutes(10),
    );
  });

  test('that is resolved and comes back counts as reopened, and its end is taken back', () => {
    const resolved = moveStatus(incident(), { status: 'resolved', at: minutes(9), by: 'ada' }, minutes(9));
    expect(resolved).toMatchObject({ resolvedAt: minutes(9), mitigatedAt: minutes(9) });
    const again = moveStatus(resolved, { status: 'investigating', at: minutes(12), by: PLATFORM }, minutes(12));
    expect(again).toMatchObject({ reopened: 1, resolvedAt: null, mitigatedAt: null, acknowledgedBy: null });
  });

  test('keeps its invariants whatever people do', () => {
    const step = fc.record({
      status: fc.constantFrom(...STATUSES),
      wait: fc.nat(600_000),
      by: fc.constantFrom('ada', PLATFORM),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let now = minutes(1);
        let one = incident();
        for (const { status, wait, by } of steps) {
          now += wait;
          const before = one;
          try {
            one = moveStatus(one, { status, at: now, by }, now);
          } catch {
            continue;
          }
          expect(one.movedAt).toBeGreaterThanOrEqual(before.movedAt);
          expect(one.reopened - before.reopened).toBe(!isOpen(before) && isOpen(one) ? 1 : 0);
          if (isOpen(one)) expect(one.resolvedAt).toBeNull();
          if (one.status === 'resolved') expect(one.resolvedAt).toBe(now);
          if (one.status === 'monitoring') expect(one.mitigatedAt).not.toBeNull();
          for (const ms of Object.values(timesOf(one))) if (ms !== null) expect(ms).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('the four times count from the fault, the acknowledgement from the detection', () => {
  const taken = acknowledge(incident(), 'ada', minutes(3));
  const watched = moveStatus(taken, { status: 'monitoring', at: minutes(10), by: 'ada' }, minutes(10));
  const over = moveStatus(watched, { status: 'resolved', at: minutes(25), by: 'ada' }, minutes(25));
  expect(timesOf(over)).toEqual({ detect: 60_000, acknowledge: 120_000, mitigate: 600_000, resolve: 1_500_000 });
});

test.each([
  [[], 0.5, null],
  [[7], 0.9, 7],
  [[1, 2, 3, 4], 0.5, 2.5],
  [[10, 20, 30, 40, 50, 60, 70, 80, 90, 100], 0.9, 91],
])('the quantile of %j at %d is %s', (sorted, share, expected) => {
  expect(quantile(sorted, share)).toBe(expected);
});

test('figures have median and p90 over all and by rule', () => {
  const ended = (n: number) => incident({ status: 'resolved', resolvedAt: minutes(n), mitigatedAt: minutes(n) });
  const found = statisticsOf([
    { incident: ended(10), rules: ['A'] },
    { incident: ended(20), rules: ['A', 'B'] },
    { incident: { ...ended(30), reopened: 2 }, rules: ['B'] },
    { incident: incident({ severity: 'critical' }), rules: [] },
  ]);
  expect(found).toMatchObject({ incidents: 4, open: 1, reopened: 1, bySeverity: { critical: 1, major: 3, minor: 0 } });
  expect(found.figures.resolve).toEqual({ count: 3, median: 1_200_000, p90: 1_680_000 });
  expect(found.byRule.map(({ rule, incidents, figures }) => [rule, incidents, figures.resolve.median])).toEqual([
    ['A', 2, 900_000],
    ['B', 2, 1_500_000],
  ]);
});
