import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock, systemClock } from '../../src/lib/clock.ts';
import type { Db } from '../../src/lib/db.ts';
import { createLog } from '../../src/lib/log.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { connectState, type StateStore } from '../../src/store/state/index.ts';
import { AlertRig, configOf, START } from '../support/alert-rig.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const CONFIG = `pushed_alerts:
  - {matchers: ['slow="yes"'], notifications: [{slack: "#hangs"}]}
  - {notifications: [{slack: "#ops"}]}
grouping: {by: [n], group_wait: 0s}`;
const PUSHED = 100;
const KNOWN = 5_000;
/** Copies of what is there: rows whose names end with a number. */
const COPIES: [table: string, names: string][] = [
  ['alert_groups', `'key', r.key || n`],
  ['alerts', `'id', r.id || n, 'fingerprint', r.fingerprint || n, 'group_key', r.group_key || n`],
  ['alert_messages', `'id', r.id || n, 'key', r.key || n, 'group_key', r.group_key || n, 'seq', r.seq + 100 + n * 2`],
  ['alert_message_alerts', `'key', r.key || n, 'message_id', r.message_id || n, 'alert_id', r.alert_id || n`],
  ['alert_timeline', `'id', r.id + 100 + n * 20, 'alert_id', r.alert_id || n`],
  ['alert_timers', `'alert_id', r.alert_id || n, 'group_key', r.group_key || n`],
  ['pushed_alerts', `'fingerprint', r.fingerprint || n`],
];

let server: StateServer;
beforeAll(async () => {
  server = await startStateServer();
});
afterAll(() => server.stop());

const connect = (url: string) => connectState(url, { log: createLog(systemClock, () => undefined), maxConnections: 6 });

/** What was read so far, of tables and of indexes, once all that looked at the database has left it. */
async function readsOf(url: string): Promise<number> {
  const db = connect(url);
  const others = 'SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
  await expect.poll(() => db.query(others), { timeout: 60_000 }).toEqual([]);
  const [row] = await db.query<{ rows: string }>(
    `SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables) + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)
     AS rows`,
  );
  await db.close();
  return Number(row?.rows);
}

async function multiply(db: Db, count: number): Promise<void> {
  for (const [table, names] of COPIES) {
    await db.query(
      `INSERT INTO ${table} OVERRIDING SYSTEM VALUE
       SELECT (jsonb_populate_record(r, jsonb_build_object(${names}))).* FROM ${table} r, generate_series(1, $1::int) n`,
      [count],
    );
  }
  await db.query(`SELECT setval(pg_get_serial_sequence('alert_messages', 'seq'), (SELECT max(seq) FROM alert_messages)),
    setval(pg_get_serial_sequence('alert_timeline', 'id'), (SELECT max(id) FROM alert_timeline))`);
}

/**
 * Rows that Postgres reads to take alerts in and deliver them, beside so many that fire and were told of, and so many
 * messages that wait for a target which does not answer.
 */
async function readsBeside(known: number, analyzed: boolean): Promise<number> {
  const { url } = await server.database();
  let current: StateStore = connect(url);
  const prepared = () => current.prepared?.() ?? current;
  const db: Db = {
    query: (...asked) => prepared().query(...asked),
    transaction: (work) => prepared().transaction(work),
  };
  const clock = new FakeClock(START);
  const rig = new AlertRig(configOf(CONFIG), { clock, store: new PostgresAlertStore(db, async () => clock.now()) });
  const { engine, receivers } = rig;
  if (!engine) throw new Error('the rig has no engine');
  const alertsOf = (from: number, count: number, slow: string) =>
    Array.from({ length: count }, (_, n) => ({ labels: { alertname: 'A', slow, n: `${from + n}` } }));
  await rig.until(1);
  for (const [table] of COPIES) await current.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  receivers.answer = ({ target }) =>
    target === '#hangs' ? { outcome: 'retry', reason: 'answered 503', maybeDelivered: false } : undefined;
  await engine.accept([...alertsOf(0, 1, 'yes'), ...alertsOf(1, 1, 'no')]);
  await rig.run();
  await multiply(current, known);
  if (analyzed) await current.query('ANALYZE');
  // All that it may have is out to the target that does not answer.
  receivers.answer = ({ target }) => (target === '#hangs' ? { delayMs: 86_400_000 } : undefined);
  await clock.advance(40_000);
  await rig.run();
  expect(receivers.waiting).toBeGreaterThan(50);
  await current.close();
  current = connect(url);
  const before = await readsOf(url);
  const told = receivers.received.length;
  await engine.accept(alertsOf(1_000_000, PUSHED, 'no'));
  while (receivers.received.length < told + PUSHED || engine.inFlight > receivers.waiting) {
    await engine.serve();
    await rig.settled();
  }
  await current.close();
  return (await readsOf(url)) - before;
}

test('what is read to take an alert in and to deliver it does not grow with what fires or waits', async () => {
  const few = await readsBeside(300, true);
  expect(few).toBeGreaterThan(PUSHED);
  expect(await readsBeside(KNOWN, true)).toBeLessThan(2 * few);
});

test('before there are statistics of a table, nothing is looked at once for each alert that is taken in', async () => {
  expect(await readsBeside(KNOWN, false)).toBeLessThan((KNOWN * PUSHED) / 10);
});
