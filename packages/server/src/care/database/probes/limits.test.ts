import { expect, test } from 'vitest';
import type { Remark } from '../finding.ts';
import type { ProbeContext } from '../probe.ts';
import { DEFAULT_THRESHOLDS } from '../thresholds.ts';
import { archiver } from './archiver.ts';
import { bigTables } from './big-tables.ts';
import { connections } from './connections.ts';
import { locks } from './locks.ts';
import { replication } from './replication.ts';
import { sequences } from './sequences.ts';
import { slots } from './slots.ts';
import { transactions } from './transactions.ts';
import { unusedIndexes } from './unused-indexes.ts';
import { vacuum } from './vacuum.ts';
import { wraparound } from './wraparound.ts';

const DAY = 86_400;
const GB = 2 ** 30;

const context = (statisticsAge = 60 * DAY): ProbeContext => ({
  ...{ thresholds: DEFAULT_THRESHOLDS, profile: 'plain', capacity: null, lately: undefined, activity: undefined },
  server: {
    ...{ version: 180_004, database: 'app', role: 'watch', standby: false, readsAllStatistics: true, statisticsAge },
    ...{ statementsSchema: null, tupleSchema: null, hypopgSchema: null, preloaded: null },
  },
});

const NO_ONE = { holder: null, holderAge: null };
const SESSION = { pid: 7, gid: null, user: 'app', application: 'web', query: null };

/** Each judge as a function of the one figure that decides. */
const JUDGES = {
  'connections, taken of 100': (total: number) =>
    connections.judge(
      [{ ...{ total, usable: 100, active: 0, idle: 0, idleInTransaction: 0 }, topClient: null, topCount: null }],
      context(),
    ),
  'a lock chain, seconds': (waiting: number) => {
    const session = { user: 'app', application: 'web', state: 'active', query: null, inTransaction: 1 };
    const [root, waiter] = [
      { ...session, pid: 1, blockers: [], waiting: null },
      { ...session, pid: 2, blockers: [1], waiting },
    ];
    return locks.judge([root, waiter], context());
  },
  'an idle transaction, seconds': (quiet: number) =>
    transactions.judge([{ ...SESSION, state: 'idle in transaction', age: quiet, quiet }], context()),
  'a long transaction, seconds': (age: number) =>
    transactions.judge([{ ...SESSION, state: 'active', age, quiet: 0 }], context()),
  'a prepared transaction, seconds': (age: number) =>
    transactions.judge([{ ...SESSION, pid: 0, gid: 'x', state: 'prepared', age, quiet: 0 }], context()),
  'transaction ids, millions': (millions: number) =>
    wraparound.judge(
      [
        {
          kind: 'transaction',
          database: 'app',
          current: true,
          age: millions * 1e6,
          freezeAt: 2e8,
          table: 't',
          ...NO_ONE,
        },
      ],
      context(),
    ),
  'multixact ids, millions': (millions: number) =>
    wraparound.judge(
      [
        {
          kind: 'multixact',
          database: 'app',
          current: true,
          age: millions * 1e6,
          freezeAt: 4e8,
          table: 't',
          ...NO_ONE,
        },
      ],
      context(),
    ),
  'dead rows of 100,000 that autovacuum sees to, thousands': (thousands: number) =>
    vacuum.judge(
      [
        {
          ...{ table: 't', live: 100_000, dead: thousands * 1_000, limit: 20_050, enabled: true, last: null },
          ...{ running: false, busy: 0, workers: 3, ...NO_ONE },
        },
      ],
      context(),
    ),
  'a sequence of an int4 column, millions': (millions: number) =>
    sequences.judge(
      [
        {
          ...{ sequence: 's', schema: 'public', last: millions * 1e6, readable: true, limit: 2_147_483_647 },
          ...{ sequenceLimit: 9.2e18, typeLimit: 2_147_483_647, sequenceType: 'bigint', table: 't', column: 'id' },
          ...{ columnType: 'integer', identity: false },
        },
      ],
      context(),
    ),
  'a standby, seconds behind': (lag: number) =>
    replication.judge([{ pid: 9, standby: 'b', state: 'streaming', behind: 1, lag, paused: false }], context()),
  'a standby, MB behind': (megabytes: number) =>
    replication.judge(
      [{ pid: 9, standby: 'b', state: 'streaming', behind: megabytes * 2 ** 20, lag: 0, paused: false }],
      context(),
    ),
  'a slot that is read, GB kept': (gigabytes: number) =>
    slots.judge(
      [{ slot: 's', type: 'physical', active: true, walStatus: 'extended', retained: gigabytes * GB }],
      context(),
    ),
  'a slot that nobody reads, GB kept': (gigabytes: number) =>
    slots.judge(
      [{ slot: 's', type: 'physical', active: false, walStatus: 'extended', retained: gigabytes * GB }],
      context(),
    ),
  'an archive, segments that wait': (backlog: number) =>
    archiver.judge(
      [{ on: true, failing: false, failedCount: 0, lastFailed: null, sinceSuccess: 60, backlog }],
      context(),
    ),
  'an unused index, days of statistics': (days: number) =>
    unusedIndexes.judge([{ index: 'i', table: 't', bytes: 1e6, writes: 9, standbys: 0 }], context(days * DAY)),
  'a table in one piece, GB': (gigabytes: number) =>
    bigTables.judge([{ table: 't', bytes: gigabytes * GB, rows: 1 }], context()),
} satisfies Record<string, (figure: number) => Remark[]>;

/** From where on each is worth a note, a warning and a page; `never` where there is no such step. */
const never = null;
const LIMITS: [keyof typeof JUDGES, { info?: number | null; warning: number | null; critical: number | null }][] = [
  ['connections, taken of 100', { warning: 80, critical: 90 }],
  ['a lock chain, seconds', { warning: 1, critical: 60 }],
  ['an idle transaction, seconds', { info: 10, warning: 300, critical: 1_800 }],
  ['a long transaction, seconds', { warning: 300, critical: 1_800 }],
  ['a prepared transaction, seconds', { warning: 300, critical: 1_800 }],
  ['transaction ids, millions', { warning: 300, critical: 1_073.741824 }],
  ['multixact ids, millions', { warning: 600, critical: 1_073.741824 }],
  ['dead rows of 100,000 that autovacuum sees to, thousands', { warning: 40.1, critical: never }],
  ['a sequence of an int4 column, millions', { warning: 1_503.2385529, critical: 1_717.98692 }],
  ['a standby, seconds behind', { warning: 30, critical: 300 }],
  ['a standby, MB behind', { warning: 100, critical: never }],
  ['a slot that is read, GB kept', { warning: never, critical: 10 }],
  ['a slot that nobody reads, GB kept', { warning: 0, critical: 10 }],
  ['an archive, segments that wait', { warning: 20, critical: never }],
  ['an unused index, days of statistics', { info: 0, warning: 30, critical: never }],
  ['a table in one piece, GB', { info: 0, warning: 100, critical: never }],
];

const severityOf = (remarks: readonly Remark[]) => remarks[0]?.severity ?? null;

test.each(LIMITS)('%s: %o', (name, limits) => {
  const judge: (figure: number) => Remark[] = JUDGES[name];
  const steps = Object.entries(limits).filter((step): step is [Remark['severity'], number] => step[1] !== never);
  const seen = steps.map(([, at]) => severityOf(judge(at)));
  expect(seen).toEqual(steps.map(([severity]) => severity));
  for (const [place, [, at]] of steps.entries()) {
    if (at === 0) continue;
    expect(severityOf(judge(at * (1 - 1e-6))), `just under ${at}`).toBe(steps[place - 1]?.[0] ?? null);
  }
});

test('an archive that fails pages whatever waits, and says how often it failed and when it last worked', () => {
  const row = { on: true, failing: true, failedCount: 7, lastFailed: '00A', sinceSuccess: 7_200, backlog: 1 };
  expect(archiver.judge([row], context())).toMatchObject([
    {
      severity: 'critical',
      message: expect.stringMatching(/^1 WAL segment waits .* archived 2 h ago.* 00A failed, 7 times/),
    },
  ]);
});

test.each(['lost', 'unreserved'])('a slot whose log is %s pages at any size, read or not', (walStatus) => {
  for (const active of [true, false]) {
    const row = { slot: 's', type: 'physical', active, walStatus, retained: 1 };
    expect(slots.judge([row], context())).toMatchObject([
      { severity: 'critical', message: expect.stringContaining(walStatus) },
    ]);
  }
});

test('dead rows are told with workers that are all busy and with who holds vacuum up', () => {
  const row = {
    ...{ table: 't', live: 1, dead: 1e6, limit: 50, enabled: true, last: null, running: false, busy: 3, workers: 3 },
    ...{ holder: 'slot sleepy', holderAge: 12_000 },
  };
  expect(vacuum.judge([row], context())).toMatchObject([
    {
      message: expect.stringMatching(/All 3 workers .* are busy\. Slot sleepy holds vacuum up: .* 12,000 transactions/),
    },
  ]);
  expect(vacuum.judge([{ ...row, running: true }], context())).toEqual([]);
});
