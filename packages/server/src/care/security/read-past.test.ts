import { expect, test } from 'vitest';
import { silentLog } from '../../../test/ingest.ts';
import { systemClock } from '../../lib/clock.ts';
import { newest, readPast } from './read-past.ts';

const HOUR = 3_600_000;
const now = systemClock.now();

const row = (id: string, at: number) => ({
  ...{ id, timestamp: at, project: '1', event: 'failed_authentication', type: 'security' },
  ...{ ip: '203.0.113.9', attributes: { account: `of ${id}` } },
});

type Rows = ReturnType<typeof row>[];

const accountsOf = async (waiting: Rows | Error, stored: Rows | Error) => {
  const { waiting: inSpool, stored: inStore } = await readPast({
    showWaitingRows: async (show) => {
      if (waiting instanceof Error) throw waiting;
      show(Buffer.from(waiting.map((one) => `${JSON.stringify(one)}\n`).join('')), true);
    },
    telemetry: {
      query: async <Row>() => {
        if (stored instanceof Error) throw stored;
        return stored as Row[];
      },
    },
    clock: { ...systemClock, now: () => now },
    log: silentLog,
  });
  return newest([...inSpool, ...inStore]).map(({ account }) => account);
};

test.each<[string, Rows | Error, Rows | Error, string[]]>([
  ['what waits and what is stored, by time', [row('b', now - 1)], [row('c', now), row('a', now - 2)], ['a', 'b', 'c']],
  ['what was stored while it was read, once', [row('a', now)], [row('a', now)], ['a']],
  ['nothing that is older than a day', [row('a', now - 25 * HOUR), row('b', now)], [], ['b']],
  ['what waits, while the store is away', [row('a', now)], new Error('away'), ['a']],
  ['what is stored, when the spool cannot be read', new Error('damaged'), [row('a', now)], ['a']],
])('the past is %s', async (_, waiting, stored, accounts) => {
  expect(await accountsOf(waiting, stored)).toEqual(accounts.map((name) => `of ${name}`));
});
