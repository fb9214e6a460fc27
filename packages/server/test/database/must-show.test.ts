import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DatabaseFinding, DatabaseFindingCode } from '../../src/care/database/finding.ts';
import type { Thresholds } from '../../src/care/database/thresholds.ts';
import { regressing } from './regressing.ts';
import { check, open, run, startEmbeddedServer, type TestServer, until } from './server.ts';

/** Ends what was provoked. */
type End = () => Promise<unknown>;

interface Shown {
  /** What is promised to be found. */
  line: string;
  code: DatabaseFindingCode;
  severity: DatabaseFinding['severity'];
  object: string | RegExp;
  says: string | RegExp;
  fix: string | RegExp;
  provoke(url: string): Promise<End>;
  /** Where waiting for the default would take too long. */
  thresholds?: Partial<Thresholds>;
  /** Found by watching over time, not by one look. */
  watched?(url: string): Promise<readonly Pick<DatabaseFinding, 'code' | 'severity' | 'object' | 'message' | 'fix'>[]>;
  /** Whether the fix ends it by itself; else it shows what a person must mend. */
  mends: boolean;
}

const nothing: End = async () => undefined;

const SHOWN: readonly Shown[] = [
  {
    line: 'a lock chain of three',
    ...{ code: 'lock_chain', severity: 'warning', object: /^pid \d+$/, says: '2 sessions wait', mends: true },
    fix: /^SELECT pg_terminate_backend\(\d+\);$/,
    thresholds: { lock_wait: 0 },
    async provoke(url) {
      await run(url, 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)');
      const chain = await Promise.all([open(url), open(url), open(url)]);
      const [first, second, third] = chain as [(typeof chain)[0], (typeof chain)[0], (typeof chain)[0]];
      await first.query('BEGIN; UPDATE t SET id = id WHERE id = 1');
      await second.query('BEGIN; UPDATE t SET id = id WHERE id = 2');
      const waits = [
        second.query('UPDATE t SET id = id WHERE id = 1').catch(() => undefined),
        third.query('UPDATE t SET id = id WHERE id = 2').catch(() => undefined),
      ];
      const chained = async () =>
        (await check(url, { lock_wait: 0 })).some(({ message }) => message.includes('2 sessions wait'));
      await until(chained);
      return async () => {
        await second.query('ROLLBACK').catch(() => undefined);
        await Promise.all(waits);
        await Promise.all(chain.map((client) => client.end().catch(() => undefined)));
      };
    },
  },
  {
    line: 'an idle transaction',
    ...{ code: 'idle_in_transaction', severity: 'warning', object: /^pid \d+$/, says: 'done nothing', mends: true },
    fix: /^SELECT pg_terminate_backend\(\d+\);$/,
    thresholds: { idle_in_transaction: 0 },
    async provoke(url) {
      const client = await open(url);
      await client.query('BEGIN; SELECT 1');
      return () => client.end().catch(() => undefined);
    },
  },
  {
    line: 'a bloated table',
    ...{ code: 'bloat_table', severity: 'warning', object: 'public.fat', says: 'is bloated', mends: true },
    fix: 'VACUUM (FULL, ANALYZE) public.fat;',
    async provoke(url) {
      await run(
        url,
        'CREATE TABLE fat (id int, t text)',
        "INSERT INTO fat SELECT i, repeat('x', 200) FROM generate_series(1, 100000) i",
        'DELETE FROM fat WHERE id % 10 <> 0',
        'VACUUM (ANALYZE) fat',
      );
      return nothing;
    },
  },
  {
    line: 'an unused index',
    ...{ code: 'unused_index', severity: 'info', object: 'public.lonely', says: 'No query has read', mends: true },
    fix: 'DROP INDEX CONCURRENTLY public.lonely;',
    async provoke(url) {
      await run(
        url,
        'CREATE TABLE t (id int PRIMARY KEY, v int)',
        'INSERT INTO t SELECT i, i FROM generate_series(1, 9000) i',
      );
      await run(url, 'CREATE INDEX lonely ON t (v)', 'ANALYZE t');
      return nothing;
    },
  },
  {
    line: 'a duplicate index',
    ...{ code: 'duplicate_index', severity: 'warning', object: 'public.second', says: 'does the same as', mends: true },
    fix: 'DROP INDEX CONCURRENTLY public.second;',
    async provoke(url) {
      await run(
        url,
        'CREATE TABLE t (id int PRIMARY KEY, v int)',
        'CREATE INDEX first ON t (v); CREATE INDEX second ON t (v)',
      );
      return nothing;
    },
  },
  {
    line: 'an invalid index left by a failed concurrent build',
    ...{ code: 'invalid_index', severity: 'warning', object: 'public.once', says: 'building it failed', mends: true },
    fix: 'DROP INDEX CONCURRENTLY public.once;',
    async provoke(url) {
      await run(url, 'CREATE TABLE t (v int); INSERT INTO t VALUES (1), (1)');
      await expect(run(url, 'CREATE UNIQUE INDEX CONCURRENTLY once ON t (v)')).rejects.toThrow('unique');
      return nothing;
    },
  },
  {
    line: 'a NOT VALID foreign key with orphans',
    ...{ code: 'not_valid_fk', severity: 'warning', object: 'public.child.fk', says: '7 rows break it', mends: false },
    fix: /^SELECT \* FROM public\.child child WHERE .* LIMIT 100;$/,
    async provoke(url) {
      await run(
        url,
        'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, pid int)',
        'INSERT INTO child SELECT i, 42 FROM generate_series(1, 7) i; CREATE INDEX ON child (pid)',
        'ALTER TABLE child ADD CONSTRAINT fk FOREIGN KEY (pid) REFERENCES parent NOT VALID',
      );
      return nothing;
    },
  },
  {
    line: 'a nearly used-up sequence',
    ...{
      code: 'sequence',
      severity: 'critical',
      object: 'public.t_id_seq',
      says: '99.1 % of the sequence',
      mends: true,
    },
    fix: 'ALTER TABLE public.t ALTER COLUMN id TYPE bigint; ALTER SEQUENCE public.t_id_seq AS bigint NO MAXVALUE;',
    async provoke(url) {
      await run(url, 'CREATE TABLE t (id serial PRIMARY KEY)', "SELECT setval('t_id_seq', 2130000000)");
      return nothing;
    },
  },
  {
    line: 'a query that gets 10× slower',
    ...{
      code: 'regressed_query',
      severity: 'warning',
      object: /^query -?\d+$/,
      says: /^\d\d+ times slower than before/,
      mends: false,
    },
    fix: /^SELECT calls, .* WHERE queryid = -?\d+;$/,
    provoke: async () => nothing,
    watched: regressing,
  },
  {
    line: 'an inactive slot',
    ...{ code: 'inactive_slot', severity: 'warning', object: 'slot sleepy', says: 'Nobody reads', mends: true },
    fix: "SELECT pg_drop_replication_slot('sleepy');",
    async provoke(url) {
      await run(url, "SELECT pg_create_physical_replication_slot('sleepy', true)");
      return nothing;
    },
  },
  {
    line: '95 % of connections used',
    ...{
      code: 'connections',
      severity: 'critical',
      object: 'connections',
      says: '21 of 22 usable connections are taken (95 %)',
    },
    fix: /^SELECT pg_terminate_backend\(pid\) .* state = 'idle'/,
    mends: false,
    async provoke(url) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => open(url)));
      return () => Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    },
  },
];

describe.each([15, 18] as const)('Postgres %i', (major) => {
  let server: TestServer;
  let number = 0;

  beforeAll(async () => {
    server = await startEmbeddedServer(major);
  });

  afterAll(() => server?.stop());

  async function fresh(): Promise<string> {
    const url = await server.createDatabase(`shown_${number++}`);
    await run(url, 'CREATE EXTENSION pg_stat_statements');
    return url;
  }

  test('a clean database yields none', async () => {
    const url = await fresh();
    await run(
      url,
      'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pid int NOT NULL REFERENCES parent)',
      'CREATE INDEX ON child (pid); INSERT INTO parent SELECT generate_series(1, 5000)',
      'INSERT INTO child (pid) SELECT generate_series(1, 5000)',
      'VACUUM (ANALYZE)',
    );
    expect(await check(url)).toEqual([]);
  });

  test.each(SHOWN)('$line is named with its fix', async (shown) => {
    const url = await fresh();
    const end = await shown.provoke(url);
    const look = async () => (shown.watched ? shown.watched(url) : check(url, shown.thresholds));
    try {
      const found = (await look()).filter(({ code }) => code === shown.code);
      // Where all connections are taken there is none for the fix.
      if (shown.code === 'connections') await end();
      expect(found).toMatchObject([
        {
          ...{ severity: shown.severity, object: like(shown.object) },
          ...{ message: like(shown.says, 'part'), fix: like(shown.fix) },
        },
      ]);
      await run(url, found[0]?.fix as string);
      if (shown.mends) {
        const gone = ({ code, object }: DatabaseFinding) => code !== shown.code || object !== found[0]?.object;
        await until(async () => (await check(url, shown.thresholds)).every(gone));
      }
    } finally {
      await end();
    }
  });
});

/** A text that is the expected one, has it as a part, or matches the expression. */
function like(expected: string | RegExp, as: 'whole' | 'part' = 'whole'): unknown {
  if (expected instanceof RegExp) return expect.stringMatching(expected);
  return as === 'part' ? expect.stringContaining(expected) : expected;
}
