import type { SessionStatus } from '@yumops/protocol';
import { expect, test } from 'vitest';
import { blockingTree } from './activity-tree.ts';

const session = (pid: number, ...blockers: number[]) => ({ pid, blockers }) as SessionStatus;
const shape = (...sessions: SessionStatus[]) => blockingTree(sessions).map((row) => `${row.depth}:${row.session.pid}`);

test.each<[string, SessionStatus[], string[]]>([
  ['nobody waits', [session(1), session(2)], []],
  ['a chain of three', [session(3, 2), session(1), session(2, 1)], ['0:1', '1:2', '2:3']],
  ['two wait for one', [session(1), session(2, 1), session(3, 1)], ['0:1', '1:2', '1:3']],
  ['one waits for two', [session(1), session(2), session(3, 1, 2)], ['0:1', '1:3', '0:2']],
  ['a prepared transaction', [session(2, 0)], ['0:2']],
  ['a deadlock of the moment', [session(1, 2), session(2, 1)], ['0:1', '1:2']],
])('%s', (_name, sessions, expected) => {
  expect(shape(...sessions)).toEqual(expected);
});
