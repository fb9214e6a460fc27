import { expect, test } from 'vitest';
import { firstBatch, nextBatch, restAfterAction, restAfterBatch } from './pace.ts';

test('batches begin small, grow while they are quick and shrink while the server is slow', () => {
  expect(firstBatch(1_000)).toBe(200);
  expect(firstBatch(10)).toBe(10);
  expect(nextBatch(200, 4, 1_000)).toBe(400);
  expect(nextBatch(800, 4, 1_000)).toBe(1_000);
  expect(nextBatch(400, 30, 1_000)).toBe(400);
  expect(nextBatch(400, 200, 1_000)).toBe(200);
  expect(nextBatch(11, 200, 1_000)).toBe(10);
  expect(nextBatch(5, 200, 5)).toBe(5);
});

test('the slower the server, the longer it is left alone', () => {
  expect(restAfterBatch(4, 50)).toBe(50);
  expect(restAfterBatch(100, 50)).toBe(200);
  expect(restAfterBatch(30_000, 50)).toBe(2_000);
  expect(restAfterBatch(30_000, 5_000)).toBe(5_000);
  expect(restAfterAction(300)).toBe(150);
  expect(restAfterAction(3_600_000)).toBe(2_000);
});
