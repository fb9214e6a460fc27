import { expect, test } from 'vitest';
import { FakeClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import type { SecurityEvent } from './event.ts';
import { SecurityWatch } from './security.ts';

const IP = '203.0.113.9';

/** An instance whose state store notes what it is asked for; `answer` decides how a transaction ends. */
async function startWatch(answer: () => Promise<void> = async () => undefined) {
  const clock = new FakeClock();
  const written: { sql: string; values: readonly unknown[] }[] = [];
  const ears = new Map<string, (text: string) => void>();
  const query = async (sql: string, values: readonly unknown[] = []) => {
    if (/^\s*(INSERT|DELETE|UPDATE)/.test(sql)) written.push({ sql, values });
    return sql.startsWith('INSERT INTO security_restrictions') ? [{ id: 'r', fresh: true }] : [];
  };
  const watch = new SecurityWatch({
    db: {
      query,
      transaction: async (work: (tx: unknown) => Promise<unknown>) => {
        await answer();
        return work({ query });
      },
    },
    telemetry: { query: async () => [] },
    writer: { append: async () => undefined },
    showWaitingRows: async () => undefined,
    signals: {
      send: async (channel: string, text: string) => ears.get(channel)?.(text),
      listen: (channel: string, hear: (text: string) => void) => {
        ears.set(channel, hear);
        return () => undefined;
      },
      onGap: () => () => undefined,
    },
    others: async () => [],
    ...{ clock, log: createLog(clock, () => undefined), instance: 'one', service: 'test' },
    config: () => ({ allow: [], blockForMs: 3_600_000, slowGuessing: { failures: 20, within: 86_400_000 } }),
    location: {
      placeOf: () => null,
      start: async () => undefined,
      stop: async () => undefined,
      state: { kind: 'none' },
    },
    audit: async () => undefined,
  } as never);
  const started = watch.start();
  await clock.advance(0);
  await started;
  const events = (kind: SecurityEvent['kind'], count: number, offset: number): SecurityEvent[] =>
    Array.from({ length: count }, (_, i) => ({
      ...{ id: `${kind}${i}`, at: clock.now() - 60_000 + 1_000 * i + offset, project: '1', kind, ip: IP },
      ...{ account: `user${i}`, unknownUser: false, place: null, device: null, path: null },
    }));
  const hear = (told: readonly SecurityEvent[]) =>
    ears.get('yumops_security_events')?.(JSON.stringify({ from: 'other', events: told }));
  const blocks = () => written.filter(({ sql }) => sql.includes('INSERT INTO security_restrictions')).length;
  const takenBack = () => written.filter(({ sql }) => sql.startsWith('DELETE FROM security_detections')).length;
  const withdrawals = () => written.filter(({ sql }) => sql.startsWith('DELETE')).map(({ values }) => values[1]);
  return { clock, watch, events, hear, blocks, takenBack, withdrawals };
}

test('what another instance took at the same time takes back what was found here, stored or not', async () => {
  const { clock, watch, events, hear, blocks, takenBack } = await startWatch();
  watch.take(events('failure', 12, 0));
  hear(events('success', 12, 500));
  await clock.advance(1_000);
  expect([blocks(), takenBack()]).toEqual([0, 1]);

  const stored = await startWatch();
  stored.watch.take(stored.events('failure', 12, 0));
  await stored.clock.advance(1_000);
  expect([stored.blocks(), stored.takenBack()]).toEqual([1, 0]);
  stored.hear(stored.events('success', 12, 500));
  await stored.clock.advance(1_000);
  expect([stored.blocks(), stored.takenBack()]).toEqual([1, 1]);
});

test('what is taken back while its writing fails is not written by the next attempt', async () => {
  const refusals: ((reason: Error) => void)[] = [];
  const { clock, watch, events, blocks, takenBack } = await startWatch(() =>
    refusals.length > 0 ? Promise.resolve() : new Promise((_, reject) => refusals.push(reject)),
  );
  watch.take(events('failure', 12, 0));
  await clock.advance(1_000);
  expect(refusals).toHaveLength(1);
  watch.take(events('success', 12, 500));
  refusals[0]?.(new Error('the store is away'));
  await clock.advance(5_000);
  expect([blocks(), takenBack()]).toEqual([0, 1]);
});

test('what is taken back, found again and taken back once more goes from its first beginning on', async () => {
  const { clock, watch, events, withdrawals } = await startWatch();
  const failures = events('failure', 11, 0);
  const successes = events('success', 2, 500);
  watch.take(failures.slice(0, 10));
  const begun = new Date(failures[9]?.at ?? 0);
  await clock.advance(1_000);
  watch.take(successes.slice(0, 1));
  watch.take(failures.slice(10));
  watch.take(successes.slice(1));
  await clock.advance(1_000);
  expect(withdrawals()).toEqual([begun]);
});
