import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Base, chainFrom, chooseChain, isoMicroseconds, type ReachedChain, readTarget } from './recovery-plan.ts';
import type { WalPiece } from './wal-archive.ts';

const base = (timeline: number, start: number, stop: number, stoppedAt = 0): Base => ({
  ...{ id: `b${stop}`, systemId: '1', timeline, segmentSize: 16, stoppedAt },
  start: BigInt(start),
  stop: BigInt(stop),
});
const piece = (timeline: number, start: number, end: number): WalPiece => ({
  ...{ path: `${timeline}/${start}-${end}`, timeline, bytes: 0, modified: 0 },
  start: BigInt(start),
  end: BigInt(end),
});
const paths = (pieces: readonly WalPiece[]) => pieces.map(({ path }) => path);

test('follows the log without a gap, with as few pieces as it can', () => {
  const pieces = [piece(1, 0, 4), piece(1, 0, 16), piece(1, 4, 9), piece(1, 16, 32), piece(1, 33, 48)];
  const chain = chainFrom(base(1, 3, 20), { pieces, histories: new Map() });
  expect(paths(chain.pieces)).toEqual(['1/0-16', '1/16-32']);
  expect(chain.end).toBe(32n);
});

test('goes over to the newest timeline that descends from the base, where it was left', () => {
  const pieces = [piece(1, 0, 16), piece(1, 16, 30), piece(2, 16, 32), piece(2, 32, 40)];
  const histories = new Map([[2, '1\t0/14\tno recovery target specified\n']]);
  const chain = chainFrom(base(1, 3, 10), { pieces, histories });
  expect(paths(chain.pieces)).toEqual(['1/0-16', '1/16-30', '2/16-32', '2/32-40']);
  expect(chain).toMatchObject({ timeline: 2, end: 40n });
  // A base behind the fork does not descend that way.
  const late = chainFrom(base(1, 18, 25), { pieces, histories });
  expect(late).toMatchObject({ timeline: 1, end: 30n });
});

test('a chain reaches exactly as far as every byte from its start is in some piece', () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 40 }))
    .map(([start, length]) => piece(1, start, start + length));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 25 }), fc.integer({ min: 0, max: 60 }), (pieces, start) => {
      const from = start - (start % 16);
      let reach = from;
      while (pieces.some((one) => one.start <= BigInt(reach) && one.end > BigInt(reach))) reach++;
      const chain = chainFrom(base(1, start, start + 1), { pieces, histories: new Map() });
      expect(Number(chain.end)).toBe(reach);
      let at = BigInt(from);
      for (const one of chain.pieces) {
        expect(one.start <= at && one.end > at).toBe(true);
        at = one.end;
      }
    }),
  );
});

test('takes the newest base before the target, and names the range where there is none', () => {
  const at = (iso: string) => Date.parse(iso);
  const chain = (name: number, stoppedAt: string): ReachedChain => ({
    base: base(1, name, name + 1, at(stoppedAt)),
    ...{ pieces: [], timeline: 1, end: 100n, latest: at('2026-01-03T00:00:00Z') },
  });
  const chains = [chain(10, '2026-01-01T00:00:00Z'), chain(20, '2026-01-02T00:00:00Z')];
  const choose = (text: string) => chooseChain(chains, readTarget(text, [])).base.id;
  expect(choose('2026-01-02T12:00:00Z')).toBe('b21');
  expect(choose('2026-01-02T01:00:00+02:00')).toBe('b11');
  expect(choose('2026-01-03 00:00:00')).toBe('b21');
  expect(choose('0/C')).toBe('b11');
  expect(() => choose('2026-01-03T00:00:00.001Z')).toThrow(
    'the range is 2026-01-01T00:00:00.000000Z to 2026-01-03T00:00:00.000000Z',
  );
  expect(() => choose('2025-12-31T23:59:59Z')).toThrow(/cannot be restored/);
  expect(() => choose('0/FFFF')).toThrow(/range is 0\/B .* to 0\/64/);
  expect(() => readTarget('before the deploy', [])).toThrow(/no time, position or restore point/);
});

test('passes over a base that a verification found not to be good, where another reaches the moment', () => {
  const chain = (name: number): ReachedChain => ({
    base: base(1, name, name + 1, name * 1_000),
    ...{ pieces: [], timeline: 1, end: 100n, latest: 50_000 },
  });
  const chains = [chain(10), chain(20), chain(30)];
  const choose = (at: number, ...doubted: string[]) =>
    chooseChain(chains, { kind: 'time', at, text: '' }, (id) => doubted.includes(id)).base.id;
  expect(choose(40_000)).toBe('b31');
  expect(choose(40_000, 'b31')).toBe('b21');
  expect(choose(25_000, 'b21', 'b31')).toBe('b11');
  expect(choose(40_000, 'b11', 'b21', 'b31')).toBe('b31');
});

test('keeps the microseconds of a time', () => {
  const target = readTarget('2026-01-02T03:04:05.123456Z', []);
  expect(target.kind === 'time' && isoMicroseconds(target.at)).toBe('2026-01-02T03:04:05.123456Z');
});
