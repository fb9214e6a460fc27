import { expect, test } from 'vitest';
import { unneededLog } from './prune-log.ts';
import type { Base } from './recovery-plan.ts';
import type { WalPiece } from './wal-archive.ts';

const DAY = 86_400_000;
const now = Date.UTC(2026, 0, 31);
const base = (day: number): Base => ({
  ...{ id: `day ${day}`, systemId: '1', timeline: 1, segmentSize: 16, stoppedAt: Date.UTC(2026, 0, day) },
  start: BigInt(day * 1000 + 3),
  stop: BigInt(day * 1000 + 20),
});
const piece = (start: number, modified = 0): WalPiece => ({
  ...{ path: String(start), timeline: 1, bytes: 1, modified },
  start: BigInt(start),
  end: BigInt(start + 16),
});
const names = (pieces: WalPiece[]) => pieces.map(({ path }) => path);

test('keeps every moment of the window, and of older base backups only what they need themselves', () => {
  const bases = [base(5), base(20), base(23), base(30)];
  const pieces = [4000, 5000, 5016, 5032, 20_000, 20_016, 20_032, 23_000, 23_032, 29_000, 30_000].map((at) =>
    piece(at),
  );
  // The window of seven days begins on the 24th: the base of the 23rd carries it.
  const gone = names(unneededLog(bases, pieces, { now, windowMs: 7 * DAY }));
  expect(gone).toEqual(['4000', '5032', '20032']);
});

test('keeps all from the first base backup on while none is older than the window', () => {
  expect(
    names(unneededLog([base(30)], [piece(100), piece(30_000), piece(30_100)], { now, windowMs: 7 * DAY })),
  ).toEqual(['100']);
});

test('never deletes what is younger than two days', () => {
  expect(unneededLog([base(30)], [piece(100, now - DAY)], { now, windowMs: 7 * DAY })).toEqual([]);
});

test('a base backup that was found not to be good carries the window only where no other does', () => {
  const bases = [base(5), base(20), { ...base(23), doubted: true }, base(30)];
  const pieces = [4000, 5000, 20_000, 20_032, 23_000, 29_000].map((at) => piece(at));
  const goneOf = (of: Base[]) => names(unneededLog(of, pieces, { now, windowMs: 7 * DAY }));
  expect(goneOf(bases)).toEqual(['4000']);
  expect(goneOf(bases.slice(2))).toEqual(['4000', '5000', '20000', '20032']);
});
