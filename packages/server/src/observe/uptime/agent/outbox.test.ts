import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';
import type { AgentResult } from './wire.ts';

const result = (monitorId: string) => ({ monitorId }) as Omit<AgentResult, 'sequence'>;
const numbers = (results: readonly AgentResult[]) => results.map(({ sequence }) => sequence);

test('results wait in order until they are confirmed', () => {
  const outbox = new Outbox({ capacity: 10, capacityBytes: 10_000 });
  for (const id of ['a', 'b', 'c']) outbox.add(result(id));
  expect(numbers(outbox.next(2))).toEqual([1, 2]);
  expect(outbox.confirm(2)).toBe(2);
  expect(numbers(outbox.next(2))).toEqual([3]);
  expect(outbox.confirm(1)).toBe(0);
  expect(outbox.confirm(3)).toBe(1);
  expect(outbox.size).toBe(0);
});

test('beyond its room the oldest are given up and counted; numbers go on', () => {
  const outbox = new Outbox({ capacity: 2, capacityBytes: 10_000 });
  for (const id of ['a', 'b', 'c', 'd']) outbox.add(result(id));
  expect(numbers(outbox.next(9))).toEqual([3, 4]);
  expect(outbox.dropped).toBe(2);
});

test('beyond its bytes too', () => {
  const outbox = new Outbox({ capacity: 100, capacityBytes: 100 });
  for (let index = 0; index < 9; index++) outbox.add(result('x'.repeat(10)));
  // One is {"monitorId":"xxxxxxxxxx","sequence":1}, 41 bytes: two have room.
  expect(numbers(outbox.next(99))).toEqual([8, 9]);
  expect(outbox.dropped).toBe(7);
});

test('numbers go on behind what the platform has, where a disk forgot the newest', () => {
  const outbox = new Outbox({ capacity: 10, capacityBytes: 10_000 });
  outbox.add(result('a'));
  expect(outbox.confirm(40)).toBe(1);
  outbox.add(result('b'));
  expect(numbers(outbox.next(9))).toEqual([41]);
});
