import { expect, test } from 'vitest';
import { ownerOf } from './rendezvous.ts';

const MONITORS = Array.from({ length: 2_000 }, (_, index) => `monitor-${index}`);
const shares = (agents: string[]) => new Map(MONITORS.map((id) => [id, ownerOf(id, agents)]));
const sizeOf = (owners: Map<string, string | undefined>, agent: string) =>
  [...owners.values()].filter((owner) => owner === agent).length;

test('nobody owns anything where nobody is', () => {
  expect(ownerOf('monitor-1', [])).toBeUndefined();
});

test('shares are about equal and do not depend on the order of the agents', () => {
  const owners = shares(['a', 'b', 'c']);
  for (const agent of ['a', 'b', 'c']) expect(Math.abs(sizeOf(owners, agent) - 667)).toBeLessThan(100);
  expect(shares(['c', 'a', 'b'])).toEqual(owners);
});

test('when an agent goes only its own share moves, and when it comes back it has the same one', () => {
  const [before, without] = [shares(['a', 'b', 'c']), shares(['a', 'c'])];
  const moved = MONITORS.filter((id) => before.get(id) !== without.get(id));
  expect(moved).toEqual(MONITORS.filter((id) => before.get(id) === 'b'));
  expect(moved.map((id) => without.get(id))).toContain('a');
  expect(moved.map((id) => without.get(id))).toContain('c');
});
