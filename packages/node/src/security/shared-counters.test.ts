import { expect, it } from 'vitest';
import { type Counted, LocalCounters } from './counters.ts';
import { SharedCounters } from './shared-counters.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 10, 30);

it('who slipped and then entered while the store was away has entered when it is back', async () => {
  const store = new LocalCounters();
  let isAway = false;
  let now = AT;
  const shared = new Proxy(store, {
    get:
      (target, name: keyof LocalCounters) =>
      async (...args: unknown[]) => {
        if (isAway) throw new Error('refused');
        return (target[name] as (...given: unknown[]) => unknown).apply(target, args);
      },
  });
  const counters = new SharedCounters({ shared, retryAfter: 10, now: () => now, changed: () => undefined });
  const tried = (member: string): Counted => ({ key: 'tried', member, at: now, span: HOUR });
  const entered = (member: string): Counted => ({ ...tried(member), key: 'entered' });
  await counters.count([tried('before')]);
  isAway = true;
  for (const member of ['before', 'amy', 'bob']) {
    await counters.count([tried(member)]);
    await counters.count([entered(member)], [{ key: 'tried', member }]);
  }
  await counters.count([tried('bob'), tried('mallory')]);
  isAway = false;
  now += 11;
  await counters.sizes([{ key: 'tried', at: now, span: HOUR }]);
  expect(counters.health()).toMatchObject({ shared: 'up', waiting: 0, lost: 0 });
  expect(await store.sizes(['tried', 'entered'].map((key) => ({ key, at: now, span: HOUR })))).toEqual([2, 3]);
  counters.close();
});
