import { describe, expect, test } from 'vitest';
import { configOf, START } from '../../../test/support/alert-rig.ts';
import { FakeClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import type { Notifier } from '../notify/index.ts';
import { AlertEngine } from './engine.ts';
import { grant, type StoredLease } from './lease.ts';
import { MemoryAlertStore } from './state/memory.ts';

const HOUR = 3_600_000;
const held: StoredLease = { holder: 'one', token: 3, expiresAt: START + 10_000, shiftMs: 0 };
const wish = { holder: 'one', ttlMs: 10_000, renew: { token: 3 }, now: START };

describe('the lease', () => {
  test('is renewed by its holder under the same token, and given to nobody else before its end', () => {
    expect(grant(held, wish, START)).toMatchObject({ stored: { token: 3 }, answer: { lease: { token: 3 } } });
    const other = { ...wish, holder: 'two', renew: null };
    expect(grant(held, other, START + 9_999).answer.lease).toBeNull();
    expect(grant(held, other, START + 10_000).answer.lease).toEqual({ token: 4 });
  });

  test('a holder that was started again gets a new token at once', () => {
    expect(grant(held, { ...wish, renew: null }, START).answer.lease).toEqual({ token: 4 });
  });

  test('the agreed time does not jump with the clock of the database, for anybody', () => {
    const { stored, answer } = grant({ ...held, expiresAt: START + HOUR + 1 }, wish, START + HOUR);
    expect(answer.now).toBe(START);
    const other = { ...wish, holder: 'two', renew: null, now: null };
    expect(grant(stored as StoredLease, other, START + HOUR + 5_000).answer).toEqual({
      lease: null,
      now: START + 5_000,
    });
    // The next holder goes on with it; when nobody was there for a minute, nobody knows of the jump.
    expect(grant(stored as StoredLease, other, START + HOUR + 12_000).answer.now).toBe(START + 12_000);
    expect(grant(stored as StoredLease, other, START + HOUR + 80_000).answer.now).toBe(START + HOUR + 80_000);
  });

  test('small differences follow the database', () => {
    expect(grant(held, { ...wish, now: START + 2_000 }, START).answer.now).toBe(START);
  });
});

test('an instance whose clock is a minute ahead takes nothing that another one is sending', async () => {
  const database = new FakeClock(START);
  const store = new MemoryAlertStore(() => database.now());
  const config = configOf(`
pushed_alerts: [{notifications: [{slack: "#ops"}]}]
grouping: {group_wait: 0s}
`);
  let sent = 0;
  const slow: Notifier = {
    send: () => {
      sent++;
      return new Promise(() => undefined);
    },
  };
  const engineOf = (instance: string, clock: FakeClock) =>
    new AlertEngine(
      {
        ...{ store, clock, instance, publicUrl: 'http://127.0.0.1', leaseMs: 10_000, wake: () => undefined },
        buckets: { read: async () => [] },
        watermark: () => undefined,
        monitorStates: async () => [],
        resolveOnCall: async () => () => ({ people: [], targets: [], problem: null }),
        notifiers: () => new Map([['slack', slow]]),
        log: createLog(clock, () => undefined),
        timing: { ingestDelayMs: 0, phase: 0 },
      },
      config,
    );
  const one = engineOf('one', new FakeClock(START));
  const two = engineOf('two', new FakeClock(START + 60_000));
  await one.run();
  await one.accept([{ labels: { alertname: 'a' } }]);
  await one.run();
  expect(sent).toBe(1);
  await two.serve();
  for (let round = 0; round < 3; round++) await two.run();
  expect(sent).toBe(1);
  expect(store.messages().map(({ status, interruptions }) => [status, interruptions])).toEqual([['sending', 0]]);
});
