import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, wallTimeAt } from '../../../lib/zoned-time.ts';
import type { BackupRetention } from '../config.ts';
import { type PlannedEntry, planRetention } from './plan.ts';

const START = Date.UTC(2026, 0, 5, 3);
const KEEP: BackupRetention = { daily: 30, weekly: 12, monthly: 12 };

function entry(id: string, at: number, more: Partial<PlannedEntry> = {}): PlannedEntry {
  return {
    id,
    tier: 'logical',
    parent: null,
    started: new Date(at).toISOString(),
    status: 'good',
    verified: null,
    ...more,
  };
}

/** Of the last of them, with no window: that has tests of its own. */
function planOf(entries: readonly PlannedEntry[], retention: BackupRetention, timeZone = 'UTC') {
  const now = Math.max(START, ...entries.map(({ started }) => Date.parse(started)));
  return planRetention(entries, { retention, timeZone, pitrWindowMs: 0 }, now);
}

const nightly = (days: number) => Array.from({ length: days }, (_, day) => entry(`d${day}`, START + day * DAY_MS));

describe('retention', () => {
  test('of two years of nightly backups keeps 30 days, 12 weeks and 12 months', () => {
    const { keep, delete: gone } = planOf(nightly(730), KEEP);
    const count = (reason: string) => keep.filter(({ why }) => why.includes(reason as 'daily')).length;
    expect([count('daily'), count('weekly'), count('monthly'), count('newest')]).toEqual([30, 12, 12, 1]);
    expect(keep.length + gone.length).toBe(730);
    expect(keep.at(-1)).toEqual({ id: 'd729', why: ['daily', 'weekly', 'monthly', 'newest'] });
  });

  test('counts days by the zone, also over a change of the clocks', () => {
    // 04:30 UTC is 23:30 of the day before in New York in winter, 00:30 in summer.
    const entries = [
      entry('a', Date.UTC(2026, 2, 7, 4, 30)),
      entry('b', Date.UTC(2026, 2, 7, 5, 30)),
      entry('c', Date.UTC(2026, 2, 9, 3, 30)),
      entry('d', Date.UTC(2026, 2, 9, 4, 30)),
    ];
    const keepOf = (zone: string) =>
      planOf(entries, { daily: 10, weekly: 0, monthly: 0 }, zone).keep.map(({ id }) => id);
    expect(keepOf('America/New_York')).toEqual(['a', 'b', 'c', 'd']);
    expect(keepOf('UTC')).toEqual(['b', 'd']);
  });

  test('keeps what the last increment builds on', () => {
    const entries = [
      entry('full', START),
      entry('inc1', START + DAY_MS, { parent: 'full' }),
      entry('inc2', START + 2 * DAY_MS, { parent: 'inc1' }),
      entry('other', START + DAY_MS / 2),
    ];
    const plan = planOf(entries, { daily: 1, weekly: 0, monthly: 0 });
    expect(plan.keep).toEqual([
      { id: 'full', why: ['parent'] },
      { id: 'inc1', why: ['parent'] },
      { id: 'inc2', why: ['daily', 'newest'] },
    ]);
    expect(plan.delete).toEqual([{ id: 'other' }]);
  });

  test('deletes nothing after a failed newest, and does not take a failed one for that of its day', () => {
    const failed = entry('bad', START + 3 * DAY_MS, { status: 'failed' });
    const keep: BackupRetention = { daily: 1, weekly: 0, monthly: 0 };
    expect(planOf([...nightly(3), failed], keep).delete).toEqual([]);
    const later = [...nightly(3), failed, entry('good', START + 4 * DAY_MS)];
    expect(planOf(later, keep).delete.map(({ id }) => id)).toEqual(['d0', 'd1', 'd2', 'bad']);
  });

  test('increments that could not be put together keep nothing from being deleted but the record of it', () => {
    const synthesis = (id: string, day: number, status: 'failed' | 'good') =>
      entry(id, START + day * DAY_MS, { status, synthetic: { from: 'd2', begun: '' } });
    const keep: BackupRetention = { daily: 1, weekly: 0, monthly: 0 };
    const plan = planOf([...nightly(3), synthesis('bad', 2.1, 'failed')], keep);
    expect(plan.delete.map(({ id }) => id)).toEqual(['d0', 'd1']);
    expect(plan.keep.at(-1)).toEqual({ id: 'bad', why: ['newest failed'] });
    const later = planOf([...nightly(3), synthesis('bad', 2.1, 'failed'), synthesis('full', 2.2, 'good')], keep);
    expect(later.keep.map(({ id }) => id)).toEqual(['full']);
    // Nor do they hide that a backup failed.
    const failed = entry('d3', START + 3 * DAY_MS, { status: 'failed' });
    expect(planOf([...nightly(3), failed, synthesis('bad', 3.1, 'failed')], keep).delete).toEqual([]);
  });

  test('never deletes the last that was verified, nor the last that was restored', () => {
    const entries = nightly(10);
    Object.assign(entries[2] as object, { verified: { level: 3, at: '', ok: true } });
    Object.assign(entries[4] as object, { verified: { level: 1, at: '', ok: true } });
    Object.assign(entries[6] as object, { verified: { level: 3, at: '', ok: false } });
    const { keep } = planOf(entries, { daily: 1, weekly: 0, monthly: 0 });
    expect(keep.map(({ id }) => id)).toEqual(['d2', 'd4', 'd9']);
  });

  test('keeps the newest of all schemas while newer ones hold only some', () => {
    const entries = nightly(4).map((item, day) => (day < 2 ? item : { ...item, schemas: ['sales'] }));
    const { keep } = planOf(entries, { daily: 1, weekly: 0, monthly: 0 });
    expect(keep).toEqual([
      { id: 'd1', why: ['newest'] },
      { id: 'd3', why: ['daily', 'newest'] },
    ]);
  });

  test('a one-off takes no place of a regular one, and is kept by the same rules beside its like', () => {
    const ok = { level: 3 as const, at: '', ok: true };
    const once = (id: string, at: number, more = {}) => entry(id, at, { schemas: ['sales'], oneOff: true, ...more });
    const entries = [
      ...nightly(2).map((item, day) => (day === 0 ? { ...item, verified: ok } : item)),
      once('first', START + DAY_MS + 1, { verified: ok }),
      once('second', START + DAY_MS + 2),
      once('broken', START + DAY_MS + 3, { status: 'failed' }),
      once('other', START + DAY_MS + 4, { schemas: ['public'] }),
    ];
    const rules = { daily: 1, weekly: 0, monthly: 0 };
    const plan = planOf(entries, rules);
    expect(plan.keep).toEqual([
      { id: 'd0', why: ['last verified'] },
      { id: 'd1', why: ['daily', 'newest'] },
      { id: 'first', why: ['last verified'] },
      { id: 'second', why: ['daily', 'newest'] },
      { id: 'other', why: ['daily', 'newest'] },
    ]);
    expect(plan.delete).toEqual([{ id: 'broken' }]);
    // Nor does it hide that the newest regular one failed.
    const failed = entry('bad', START + DAY_MS, { status: 'failed' });
    expect(planOf([...nightly(1), failed, once('good', START + DAY_MS + 1)], rules).delete).toEqual([]);
  });

  test('holds its promises for any history', () => {
    const entries = fc.array(
      fc.record({
        hour: fc.integer({ min: 0, max: 24 * 500 }),
        tier: fc.constantFrom('logical' as const, 'physical' as const),
        status: fc.constantFrom(
          'good' as const,
          'good' as const,
          'good' as const,
          'failed' as const,
          'running' as const,
        ),
        verified: fc.constantFrom(
          null,
          { level: 3 as const, at: '', ok: true },
          { level: 3 as const, at: '', ok: false },
        ),
        parent: fc.integer({ min: 0, max: 40 }),
      }),
      { maxLength: 40 },
    );
    const retention = fc.record({
      daily: fc.integer({ min: 0, max: 10 }),
      weekly: fc.integer({ min: 0, max: 5 }),
      monthly: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(
        entries,
        retention,
        fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata'),
        (drawn, keep, zone) => {
          const sorted = [...drawn].sort((a, b) => a.hour - b.hour);
          const all = sorted.map(({ hour, parent, ...more }, index) => {
            const before = sorted[parent];
            const isBase = parent < index && before?.tier === more.tier && before.status === 'good';
            return entry(`b${index}`, START + hour * 3_600_000, { ...more, parent: isBase ? `b${parent}` : null });
          });
          checkPromises(all, keep, zone);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Every promise of retention, looked at one by one. */
function checkPromises(all: readonly PlannedEntry[], retention: BackupRetention, zone: string): void {
  const plan = planOf(all, retention, zone);
  const kept = new Set(plan.keep.map(({ id }) => id));
  const gone = new Set(plan.delete.map(({ id }) => id));
  for (const { id } of all) expect(kept.has(id) && gone.has(id)).toBe(false);
  for (const item of all) {
    if (item.parent !== null && kept.has(item.id)) expect(kept.has(item.parent)).toBe(true);
    if (item.status === 'running') expect(gone.has(item.id)).toBe(false);
    else expect(kept.has(item.id) || gone.has(item.id)).toBe(true);
  }
  for (const tier of ['logical', 'physical']) {
    const good = all.filter((item) => item.tier === tier && item.status === 'good');
    const newest = good.at(-1);
    if (newest) expect(good.some((item) => item.started === newest.started && kept.has(item.id))).toBe(true);
    const verified = good.filter((item) => item.verified?.ok);
    if (verified.length > 0) expect(verified.some(({ id }) => kept.has(id))).toBe(true);
    const days = new Set(good.map(({ started }) => Math.floor(wallTimeAt(Date.parse(started), zone) / DAY_MS)));
    const keptDays = new Set(
      good
        .filter(({ id }) => kept.has(id))
        .map(({ started }) => Math.floor(wallTimeAt(Date.parse(started), zone) / DAY_MS)),
    );
    for (const day of [...days].sort((a, b) => b - a).slice(0, retention.daily)) expect(keptDays.has(day)).toBe(true);
  }
  const [last] = all.filter(({ status }) => status !== 'running').slice(-1);
  const ties = all.filter((item) => item.started === last?.started && item.status !== 'running');
  if (ties.length > 0 && ties.every(({ status }) => status === 'failed')) expect(plan.delete).toEqual([]);
}
