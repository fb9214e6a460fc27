import type { LogPage, LogRow } from '@yumops/protocol';
import { expect, it } from 'vitest';
import { FakeClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import { followStored } from './follow-stored.ts';

const START = Date.UTC(2026, 5, 1);

it('shows each record once, however late it reaches the store, and says how many it left out', async () => {
  const clock = new FakeClock(START);
  const stored: { at: number; id: string }[] = [];
  const search = {
    async page({ from }: { from: number }, limit: number): Promise<LogPage> {
      const found = stored.filter(({ at }) => at >= from).sort((a, b) => b.at - a.at);
      const items = found.slice(0, limit).map(({ id }) => ({ id }) as LogRow);
      return { items, nextCursor: found.length > limit ? 'more' : null, elapsedMs: 0 };
    },
    async histogram({ from }: { from: number }) {
      return { total: stored.filter(({ at }) => at >= from).length } as never;
    },
  };
  const shown: string[] = [];
  const dropped: number[] = [];
  const log = createLog(clock, () => undefined);
  const end = followStored({ search, clock, log }, '', {
    row: ({ id }) => shown.push(id),
    dropped: (count) => dropped.push(count),
  });
  stored.push({ at: START - 1, id: 'before' });
  await clock.advance(1_000);
  expect(shown).toEqual([]);

  stored.push({ at: START + 500, id: 'b' }, { at: START + 400, id: 'a' });
  await clock.advance(2_000);
  expect(shown).toEqual(['a', 'b']);
  stored.push({ at: START + 450, id: 'late' });
  await clock.advance(5_000);
  expect(shown).toEqual(['a', 'b', 'late']);

  for (let n = 0; n < 1_200; n++) stored.push({ at: clock.now() + 1 + n / 10_000, id: `flood ${n}` });
  await clock.advance(1_000);
  expect(shown).toHaveLength(1_003);
  expect(dropped[0]).toBeGreaterThanOrEqual(200);

  end();
  stored.push({ at: clock.now(), id: 'after' });
  await clock.advance(5_000);
  expect(shown).not.toContain('after');
});
