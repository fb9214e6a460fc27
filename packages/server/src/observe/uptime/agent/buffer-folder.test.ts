import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSeal } from '../../../lib/seal.ts';
import { openAgentBuffer } from './buffer-folder.ts';
import { type AgentBuffer, Outbox } from './outbox.ts';
import type { AgentResult } from './wire.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-buffer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const result = (monitorId: string) => ({ monitorId }) as Omit<AgentResult, 'sequence'>;
const open = (token = 'one') =>
  openAgentBuffer(folder, createSeal({ current: token, previous: [] }, 'probe'), () => 'agent-1');
const outboxOf = (buffer: AgentBuffer, capacity = 1_000) =>
  new Outbox({ capacity, capacityBytes: 100_000_000, buffer });
const segments = () => readdirSync(folder).filter((name) => name.startsWith('results-'));

test('what waits is there after the process is gone, in order, under the same name; what was confirmed is not', () => {
  const outbox = outboxOf(open());
  for (const id of ['a', 'b', 'c', 'd']) outbox.add(result(id));
  outbox.confirm(2);
  // Nothing is closed: a killed process closes nothing either.
  const again = openAgentBuffer(folder, createSeal({ current: 'one', previous: [] }, 'probe'), () => 'agent-2');
  expect(again.agentId).toBe('agent-1');
  const after = outboxOf(again);
  expect(after.next(9).map(({ monitorId, sequence }) => [monitorId, sequence])).toEqual([
    ['c', 3],
    ['d', 4],
  ]);
  after.add(result('e'));
  expect(after.next(9).at(-1)?.sequence).toBe(5);
});

test('numbers go on when everything was confirmed', () => {
  const outbox = outboxOf(open());
  outbox.add(result('a'));
  outbox.confirm(1);
  const after = outboxOf(open());
  expect(after.size).toBe(0);
  after.add(result('b'));
  expect(after.next(1)[0]?.sequence).toBe(2);
});

test('a line that a crash of the machine left half is counted as given up', () => {
  const outbox = outboxOf(open());
  outbox.add(result('a'));
  appendFileSync(join(folder, segments()[0] as string), '{"monitorId":"b","seq');
  const after = outboxOf(open());
  expect(after.next(9)).toHaveLength(1);
  expect(after.dropped).toBe(1);
  after.add(result('c'));
  expect(
    outboxOf(open())
      .next(9)
      .map(({ monitorId }) => monitorId),
  ).toEqual(['a', 'c']);
});

test('what is given up for want of room stays counted over restarts, and its files go', () => {
  const outbox = outboxOf(open(), 300);
  for (let index = 0; index < 600; index++) outbox.add(result('x'.repeat(40_000)));
  // 600 results of 40 kB are six segments; 300 are kept.
  expect(segments().length).toBeLessThanOrEqual(4);
  const after = outboxOf(open(), 300);
  expect(after.dropped).toBe(300);
  expect(after.size).toBe(300);
  after.confirm(600);
  expect(segments()).toHaveLength(1);
});

test('a folder that takes nothing is said, and checks go on in memory', () => {
  const buffer = open();
  const outbox = outboxOf(buffer);
  rmSync(folder, { recursive: true });
  outbox.add(result('a'));
  expect(buffer.trouble).toMatch(/^Results are kept in memory alone, .* takes none: ENOENT/);
  expect(outbox.next(1)).toHaveLength(1);
});

test('the assignment is sealed with the token: another one does not open it', async () => {
  const buffer = open();
  await buffer.saveAssignment('{"monitors":["password"]}');
  expect(open().assignment).toBe('{"monitors":["password"]}');
  expect(open('another').assignment).toBeNull();
});
