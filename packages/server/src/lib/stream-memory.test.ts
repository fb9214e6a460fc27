import { expect, test } from 'vitest';
import { lend, release } from './stream-memory.ts';

const LARGE = 64 * 1024;

async function* pieces(...all: Buffer[]): AsyncGenerator<Buffer> {
  yield* all;
}

test('a piece is whole until the next is asked for, and its memory is given back then', async () => {
  const all = [1, 2, 3].map((value) => Buffer.alloc(LARGE, value));
  const read: number[] = [];
  let before: Buffer | undefined;
  for await (const piece of lend(pieces(...all))) {
    expect(before?.length ?? 0).toBe(0);
    expect(piece.length).toBe(LARGE);
    read.push(piece[LARGE - 1] as number);
    before = piece;
  }
  expect(read).toEqual([1, 2, 3]);
  expect(all.map(({ length }) => length)).toEqual([0, 0, 0]);
});

test('a piece that the reader stops at stays: somebody may be writing it', async () => {
  const piece = Buffer.alloc(LARGE, 1);
  for await (const _ of lend(pieces(piece))) break;
  expect(piece.length).toBe(LARGE);
});

test('small buffers, which may share their memory with others, are left alone', () => {
  const small = Buffer.allocUnsafeSlow(100);
  release(small);
  expect(small.length).toBe(100);
});

test('buffers cut from a pool as large as that of Node 24 stay, and larger ones do not', () => {
  const before = Buffer.poolSize;
  Buffer.poolSize = LARGE;
  try {
    // More than the pool of before has left: a new one is begun.
    const [first, second] = [Buffer.allocUnsafe(LARGE / 2 - 8).fill(1), Buffer.allocUnsafe(1_000).fill(2)];
    expect(second.buffer).toBe(first.buffer);
    release(first);
    release(second);
    expect([first[0], second[0]]).toEqual([1, 2]);
    const whole = Buffer.allocUnsafe(LARGE / 2);
    release(whole);
    expect(whole.length).toBe(0);
  } finally {
    Buffer.poolSize = before;
  }
});
