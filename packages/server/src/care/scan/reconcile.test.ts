import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock } from '../../lib/clock.ts';
import { found, type ScanCheck, unseen } from './check.ts';
import { type Found, findingId, SCAN_SEVERITIES, type StoredFinding, stateOf } from './finding.ts';
import { type Looked, reconcile } from './reconcile.ts';
import { runChecks } from './run-checks.ts';

const DAY = 86_400_000;

const fault = (changes: Partial<Found> = {}): Found =>
  found({
    ...{ code: 'hsts_missing', subject: 'https://shop.test', severity: 'medium', message: 'No HSTS.' },
    ...{ evidence: 'no header', fix: 'Send it.', ...changes },
  });

const seen = (...findings: Found[]): Looked => ({ found: new Map([['sites', findings]]), failed: new Set() });

const only = (findings: readonly StoredFinding[]): StoredFinding => {
  expect(findings).toHaveLength(1);
  return findings[0] as StoredFinding;
};

test('a finding is new, stays, goes, and comes back with its owner and its first day', () => {
  const first = reconcile([], seen(fault()), 'ada', 1 * DAY);
  expect([...first.changes.values()]).toEqual(['new']);
  const again = reconcile(first.findings, seen(fault({ evidence: 'still none' })), 'bob', 2 * DAY);
  expect(again.changes.size).toBe(0);
  expect(only(again.findings)).toMatchObject({
    ...{ firstSeen: DAY, lastSeen: 2 * DAY, owner: 'ada', evidence: 'still none', resolvedAt: null },
  });
  const gone = reconcile(again.findings, seen(), null, 3 * DAY);
  expect([...gone.changes.values()]).toEqual(['gone']);
  expect(only(gone.findings)).toMatchObject({ resolvedAt: 3 * DAY, lastSeen: 2 * DAY });
  expect(reconcile(gone.findings, seen(), null, 4 * DAY).changes.size).toBe(0);
  const back = reconcile(gone.findings, seen(fault()), null, 5 * DAY);
  expect([...back.changes.values()]).toEqual(['returned']);
  expect(only(back.findings)).toMatchObject({ firstSeen: DAY, owner: 'ada', resolvedAt: null });
});

test('an acceptance holds until its day, and not for something graver', () => {
  const known = only(reconcile([], seen(fault()), null, DAY).findings);
  const accepted = { until: 10 * DAY, reason: 'behind a proxy', by: 'ada', severity: 'medium' } as const;
  const living: StoredFinding = { ...known, accepted };
  expect([9 * DAY, 10 * DAY].map((now) => stateOf(living, now))).toEqual(['accepted', 'open']);
  expect(only(reconcile([living], seen(fault()), null, 2 * DAY).findings).accepted).toEqual(accepted);
  const worse = reconcile([living], seen(fault({ severity: 'high' })), null, 2 * DAY);
  expect(only(worse.findings).accepted).toBeNull();
  expect([...worse.changes.values()]).toEqual(['worse']);
  const gone = reconcile([living], seen(), null, 2 * DAY);
  const back = only(reconcile(gone.findings, seen(fault()), null, 3 * DAY).findings);
  expect(stateOf(back, 3 * DAY)).toBe('open');
});

test.each<[string, Looked]>([
  ['the whole check failed', { found: new Map([['sites', []]]), failed: new Set(['sites']) }],
  ['its subject could not be looked at', seen(unseen('https://shop.test', 'It did not answer.', 'Start it.'))],
])('nothing goes when %s', (_, looked) => {
  const { findings } = reconcile([], seen(fault()), null, DAY);
  const next = reconcile(findings, looked, null, 2 * DAY);
  const old = next.findings.find(({ code }) => code === 'hsts_missing');
  expect(old).toMatchObject({ resolvedAt: null, lastSeen: DAY });
});

test('a subject that could not be looked at keeps nothing of another', () => {
  const { findings } = reconcile([], seen(fault({ subject: 'https://other.test' })), null, DAY);
  const next = reconcile(findings, seen(unseen('https://shop.test', 'It did not answer.', 'Start it.')), null, 2 * DAY);
  expect(next.findings.find(({ subject }) => subject === 'https://other.test')?.resolvedAt).toBe(2 * DAY);
});

test('whatever scans find, in any order: what was seen last is there, and nothing is forgotten', () => {
  const faults = fc.uniqueArray(
    fc.record({
      object: fc.constantFrom('a', 'b', 'c'),
      subject: fc.constantFrom('x', 'y'),
      severity: fc.constantFrom(...SCAN_SEVERITIES),
    }),
    { selector: ({ object, subject }) => `${subject} ${object}`, maxLength: 6 },
  );
  fc.assert(
    fc.property(fc.array(faults, { maxLength: 12 }), (scans) => {
      let known: StoredFinding[] = [];
      const ever = new Set<string>();
      for (const [day, objects] of scans.entries()) {
        const findings = objects.map((changes) => fault(changes));
        const { findings: next, changes } = reconcile(known, seen(...findings), null, day);
        for (const one of findings) ever.add(findingId('sites', one));
        const open = next.filter(({ resolvedAt }) => resolvedAt === null).map(({ id }) => id);
        expect(new Set(open)).toEqual(new Set(findings.map((one) => findingId('sites', one))));
        expect(new Set(next.map(({ id }) => id))).toEqual(ever);
        for (const id of changes.keys()) expect(ever.has(id)).toBe(true);
        known = next;
      }
    }),
    { numRuns: 200, seed: 11 },
  );
});

test('a check that fails is a finding of its own, and the next one runs', async () => {
  const check = (name: string, run: ScanCheck['run']): ScanCheck => ({ name, title: name, kinds: ['weekly'], run });
  const clock = new FakeClock();
  const never = check('never', () => new Promise(() => undefined));
  const running = runChecks(
    [
      check('broken', () => Promise.reject(new Error('the disk is gone'))),
      never,
      check('good', async () => ({ findings: [], looked: 'everything' })),
      check('nothing', async () => ({ findings: [], looked: 'nothing is configured', off: true })),
    ],
    { clock, signal: new AbortController().signal },
  );
  await clock.advance(6 * 60_000);
  const { outcomes, looked } = await running;
  expect(outcomes.map(({ name, status }) => [name, status])).toEqual([
    ['broken', 'unknown'],
    ['never', 'unknown'],
    ['good', 'clean'],
    ['nothing', 'off'],
  ]);
  expect([...looked.failed]).toEqual(['broken', 'never']);
  expect(looked.found.get('broken')?.[0]).toMatchObject({ severity: 'unknown', code: 'check_failed' });
  expect(outcomes[0]?.looked).toContain('the disk is gone');
});
