import { expect, test } from 'vitest';
import type { StoredAgent } from './agent-store.ts';
import { silentProbes } from './silent-probes.ts';

const NOW = Date.UTC(2026, 0, 5, 10);

const agent = (name: string, location: string, changes: Partial<StoredAgent> = {}): StoredAgent => ({
  id: `${name}-1`,
  name,
  location,
  version: '1',
  lastSeenAt: NOW - 90_000,
  leaseUntil: NOW - 60_000,
  lastSequence: 0,
  waiting: 0,
  dropped: 0,
  leftAt: null,
  trouble: null,
  ...changes,
});
const live = { lastSeenAt: NOW, leaseUntil: NOW + 30_000 };
const left = { leftAt: NOW - 60_000 };
const messages = (agents: StoredAgent[], wanted: Record<string, number>) =>
  silentProbes(agents, new Map(Object.entries(wanted)), NOW).map(({ message }) => message);

test.each<[what: string, agents: StoredAgent[], wanted: Record<string, number>, messages: (string | RegExp)[]]>([
  ['all live', [agent('a', 'fra', live)], { fra: 2 }, []],
  [
    'one of two is silent',
    [agent('a', 'fra', live), agent('b', 'fra')],
    { fra: 2 },
    ['The probe agent b in fra was last heard 2026-01-05 09:58:30 UTC, 90 s ago. Others in fra have its share.'],
  ],
  [
    'the only one is silent: one message, not two',
    [agent('a', 'fra')],
    { fra: 2 },
    ['The probe agent a in fra was last heard 2026-01-05 09:58:30 UTC, 90 s ago. Nothing is checked from fra.'],
  ],
  ['one said goodbye, another is there', [agent('a', 'fra', left), agent('b', 'fra', live)], { fra: 1 }, []],
  [
    'the only one said goodbye, and monitors want the place',
    [agent('a', 'fra', left)],
    { fra: 1 },
    ['One monitor is to be checked from fra, and no probe agent is there.'],
  ],
  ['the only one said goodbye, and nobody wants the place', [agent('a', 'fra', left)], {}, []],
  ['nobody ever came', [], { syd: 3 }, ['3 monitors are to be checked from syd, and no probe agent is there.']],
])('%s', (_what, agents, wanted, expected) => {
  expect(messages(agents, wanted)).toEqual(expected);
});
