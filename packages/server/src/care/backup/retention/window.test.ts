import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unneededLog } from '../physical/prune-log.ts';
import { type Base, chainFrom } from '../physical/recovery-plan.ts';
import type { WalPiece } from '../physical/wal-archive.ts';
import { type PlannedEntry, planRetention } from './plan.ts';
import { basesOfWindow } from './window.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const at = (hour: number) => START + hour * HOUR;

interface Made extends PlannedEntry {
  verified: { level: 1; at: string; ok: boolean } | null;
}

/** A base backup that takes an hour, unless it is said otherwise. */
function made(id: string, hour: number, more: Partial<Made> = {}): Made {
  const started = new Date(at(hour)).toISOString();
  return { id, tier: 'physical', parent: null, started, seconds: 3_600, status: 'good', verified: null, ...more };
}

const bad = { verified: { level: 1 as const, at: '', ok: false } };
const synthesis = (hour: number) => ({ synthetic: { from: '', begun: new Date(at(hour)).toISOString() } });

describe('of base backups the window needs', () => {
  test.each<[string, Made[], string[]]>([
    ['those within it and the newest before', [made('a', 1), made('b', 20), made('c', 50)], ['b', 'c']],
    ['one that was complete when it began', [made('a', 1), made('b', 47)], ['b']],
    ['one before the one that was not yet', [made('a', 1), made('b', 47.5)], ['a', 'b']],
    ['all, where none is older', [made('a', 60), made('b', 80)], ['a', 'b']],
    ['the newest, however old', [made('a', 1), made('b', 2)], ['b']],
    ['a sound one beside one that is not', [made('a', 1), made('b', 2), made('c', 20, bad)], ['b', 'c']],
    ['one that is not sound, where no other is', [made('a', 1, bad), made('b', 2, bad)], ['b']],
    [
      'one that builds on nothing that is not good',
      [made('a', 1), made('b', 2, bad), made('c', 20, { parent: 'b' })],
      ['a', 'b', 'c'],
    ],
    ['one whose parents are there', [made('a', 1), made('c', 20, { parent: 'gone' })], ['a', 'c']],
    ['one with what it builds on, which the plan adds', [made('a', 1), made('b', 20, { parent: 'a' })], ['b']],
    ['a full one only since it was put together', [made('a', 1), made('b', 20, synthesis(50))], ['a', 'b']],
    ['a full one that was put together before', [made('a', 1), made('b', 20, synthesis(40))], ['b']],
    [
      'no other tier, and none that failed',
      [made('a', 1), made('b', 2, { tier: 'logical' }), made('c', 3, { status: 'failed' })],
      ['a'],
    ],
  ])('%s', (_, entries, needed) => {
    expect(basesOfWindow(entries, at(48))).toEqual(needed);
    expect(basesOfWindow(entries.toReversed(), at(48))).toEqual(needed.toReversed());
  });

  test('the plan says so, and keeps them where retention would not', () => {
    const entries = [made('a', 1), made('b', 20, { parent: 'a' }), made('c', 50), made('d', 51)];
    const rules = { retention: { daily: 1, weekly: 0, monthly: 0 }, timeZone: 'UTC', pitrWindowMs: 24 * HOUR };
    const { keep } = planRetention(entries, rules, at(72));
    expect(keep).toEqual([
      { id: 'a', why: ['parent'] },
      { id: 'b', why: ['recovery window'] },
      { id: 'c', why: ['recovery window'] },
      { id: 'd', why: ['daily', 'newest', 'recovery window'] },
    ]);
    expect(planRetention(entries, rules, at(75.5)).delete.map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

/** Hours that a piece of log is long. */
const PIECE = 3;
const HOURS = 24 * 20;
const lsn = (hour: number) => BigInt(Math.round(hour * 100));
const hourOf = (position: bigint) => Number(position) / 100;

/** What stands in a store, as a prune and a restore see it. */
interface Store {
  entries: Made[];
  bases: Map<string, Base>;
  pieces: WalPiece[];
}

const chainOf = (entry: Made, entries: readonly Made[]): Made[] | null => {
  if (entry.parent === null) return [entry];
  const parent = entries.find(({ id, status }) => id === entry.parent && status === 'good');
  const links = parent ? chainOf(parent, entries) : null;
  return links && [...links, entry];
};

/** Which hours of the window can be restored, from sound base backups alone and from any. */
function recoverable({ entries, bases, pieces }: Store, from: number, to: number): string[] {
  const ranges = entries.flatMap((entry) => {
    const links = entry.status === 'good' ? chainOf(entry, entries) : null;
    const base = bases.get(entry.id);
    if (!links || !base) return [];
    const { end } = chainFrom(base, { pieces, histories: new Map() });
    const isSound = links.every(({ verified }) => verified?.ok !== false);
    return end < base.stop ? [] : [{ isSound, first: hourOf(base.stop), last: hourOf(end) }];
  });
  const found: string[] = [];
  for (let hour = Math.max(0, from); hour <= to; hour++) {
    const reaching = ranges.filter(({ first, last }) => first <= hour && last >= hour);
    if (reaching.length > 0) found.push(`${hour}`);
    if (reaching.some(({ isSound }) => isSound)) found.push(`${hour} soundly`);
  }
  return found;
}

function pruned(store: Store, rules: Parameters<typeof planRetention>[1], hour: number): Store {
  const gone = new Set(planRetention(store.entries, rules, at(hour)).delete.map(({ id }) => id));
  const entries = store.entries.filter(({ id }) => !gone.has(id));
  const kept = entries.flatMap((entry) => {
    const [base, links] = [store.bases.get(entry.id), chainOf(entry, entries)];
    return base && links ? [{ ...base, doubted: links.some(({ verified }) => verified?.ok === false) }] : [];
  });
  const needless = unneededLog(kept, store.pieces, { now: at(hour), windowMs: rules.pitrWindowMs });
  return { ...store, entries, pieces: store.pieces.filter((piece) => !needless.includes(piece)) };
}

/** A base backup as drawn: when it begins and ends, and when it is found not to be good. */
interface Drawn {
  hour: number;
  takes: number;
  kind: 'full' | 'increment' | 'synthetic' | 'failed';
  doubtedAfter: number | null;
}

/** What the store holds at an hour, of what was pruned before and what was made since. */
function grown(store: Store, drawn: readonly Drawn[], lost: ReadonlySet<number>, since: number, hour: number): Store {
  const entries = store.entries.map((entry) => {
    const { doubtedAfter = null, hour: begun = 0 } = drawn[Number(entry.id)] ?? {};
    return doubtedAfter !== null && begun + doubtedAfter <= hour ? { ...entry, ...bad } : entry;
  });
  const bases = new Map(store.bases);
  for (const [index, { hour: begun, takes, kind }] of drawn.entries()) {
    const newest = entries.findLast(({ status }) => status === 'good');
    if (begun + takes <= since || begun + takes > hour || (kind === 'synthetic' && !newest)) continue;
    const id = String(index);
    if (kind === 'synthetic' && newest) {
      const of = bases.get(newest.id) as Base;
      entries.push({ ...made(id, 0, synthesis(begun)), started: newest.started });
      bases.set(id, { ...of, id });
      continue;
    }
    const parent = kind === 'increment' ? (newest?.id ?? null) : null;
    entries.push(made(id, begun, { parent, seconds: takes * 3_600, status: kind === 'failed' ? 'failed' : 'good' }));
    const log = { start: lsn(begun), stop: lsn(begun + takes * 0.8), timeline: 1, segmentSize: 1 };
    if (kind !== 'failed') bases.set(id, { ...log, id, systemId: '1', stoppedAt: at(begun + takes * 0.8) });
  }
  const pieces = [...store.pieces];
  for (let end = PIECE; end <= hour; end += PIECE) {
    if (end <= since || lost.has(end)) continue;
    const path = String(end);
    pieces.push({ path, timeline: 1, start: lsn(end - PIECE), end: lsn(end), bytes: 1, modified: at(end) });
  }
  return { entries, bases, pieces };
}

test('no prune takes a moment of the window, whatever the backups, the retention and what came before', () => {
  const count = fc.integer({ min: 0, max: 4 });
  const drawing = fc.record({
    backups: fc.array(
      fc.record({
        hour: fc.integer({ min: 1, max: HOURS - 20 }),
        takes: fc.integer({ min: 1, max: 12 }),
        kind: fc.constantFrom<Drawn['kind']>('full', 'increment', 'increment', 'synthetic', 'failed'),
        doubtedAfter: fc.option(fc.integer({ min: 13, max: 100 }), { freq: 3 }),
      }),
      { minLength: 1, maxLength: 30 },
    ),
    lost: fc.array(fc.integer({ min: 1, max: HOURS / PIECE }), { maxLength: 4 }),
    prunes: fc.array(fc.integer({ min: 1, max: HOURS }), { minLength: 1, maxLength: 5 }),
    retention: fc.record({ daily: count, weekly: count, monthly: count }),
    window: fc.integer({ min: 0, max: 10 * 24 }),
  });
  fc.assert(
    fc.property(drawing, ({ backups, lost, prunes, retention, window }) => {
      const drawn = [...backups].sort((a, b) => a.hour + a.takes - b.hour - b.takes);
      // A base backup is good when its own log is in the store.
      const own = (end: number) => drawn.some(({ hour, takes }) => end > hour && end - PIECE < hour + takes);
      const gaps = new Set(lost.map((piece) => piece * PIECE).filter((end) => !own(end)));
      const rules = { retention, timeZone: 'UTC', pitrWindowMs: window * HOUR };
      let store: Store = { entries: [], bases: new Map(), pieces: [] };
      let since = 0;
      for (const hour of [...prunes].sort((a, b) => a - b)) {
        store = grown(store, drawn, gaps, since, hour);
        const before = recoverable(store, hour - window, hour);
        store = pruned(store, rules, hour);
        expect(recoverable(store, hour - window, hour)).toEqual(before);
        since = hour;
      }
    }),
    { numRuns: 300 },
  );
});
