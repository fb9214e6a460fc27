import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentMembers } from './recent.ts';

const SPAN = 1_000;
const MOST = 8;

test('holds the members of the span in the order of their times, however late they come', () => {
  const touches = fc.array(fc.tuple(fc.nat(11), fc.nat(300)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(touches, (list) => {
      const members = new RecentMembers<{ at: number }>(SPAN, MOST);
      let expected: { name: string; at: number }[] = [];
      let now = 0;
      for (const [index, [member, late]] of list.entries()) {
        now += 40;
        const at = index % 2 === 0 ? now : now - 4 * late;
        const name = `m${member}`;
        members.touch(name, at, () => ({ at }));
        const newest = expected.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
        if (at <= newest - SPAN) continue;
        const before = expected.find((one) => one.name === name)?.at ?? at;
        expected = expected.filter((one) => one.name !== name && one.at > at - SPAN);
        const own = { name, at: Math.max(at, before) };
        const place = expected.findLastIndex((one) => one.at <= own.at) + 1;
        expected.splice(place, 0, own);
        if (expected.length > MOST) expected.shift();
      }
      expect(members.newest()).toEqual(expected.map(({ name }) => name).reverse());
      expect(members.size).toBe(expected.length);
    }),
    { numRuns: 300, seed: 7 },
  );
});

test('who comes minutes late costs about as much as who comes in time, among many', () => {
  const costOf = (late: number) => {
    const members = new RecentMembers<{ at: number }>(3_600_000, 20_000);
    const touch = (from: number, to: number) => {
      for (let i = from; i < to; i += 1) {
        const at = i * 10 - (i % 2) * late;
        members.touch(`m${i}`, at, () => ({ at }));
      }
    };
    touch(0, 40_000);
    const before = process.cpuUsage();
    touch(40_000, 44_000);
    const { user, system } = process.cpuUsage(before);
    return user + system + 1_000;
  };
  costOf(0);
  // Past all that were seen meanwhile it would be thousands of steps for each.
  expect(costOf(150_000)).toBeLessThan(20 * costOf(0));
});
