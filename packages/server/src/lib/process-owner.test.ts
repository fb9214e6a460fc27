import { expect, test } from 'vitest';
import { currentOwner, hasEnded } from './process-owner.ts';

const ours = currentOwner();
const [boot, tick] = ours.start.split('/');

test.runIf(process.platform === 'linux').each([
  ['this process', {}, false, false],
  ['another with its number', { start: `${boot}/${Number(tick) + 1}` }, true, true],
  ['one whose number nobody has', { pid: 2 ** 22 + 1 }, true, true],
  ['one of another machine', { machine: 'elsewhere', pid: 2 ** 22 + 1 }, false, false],
  ['one of another container', { namespace: 'pid:[1]', pid: 2 ** 22 + 1 }, false, false],
] as const)('%s', (_, change, here, shared) => {
  expect(hasEnded({ ...ours, ...change }, 'here')).toBe(here);
  expect(hasEnded({ ...ours, ...change }, 'shared')).toBe(shared);
});

test.runIf(process.platform === 'linux')('one of an earlier boot may live elsewhere, when others write there', () => {
  expect(hasEnded({ ...ours, start: 'earlier/1' }, 'shared')).toBe(false);
});
