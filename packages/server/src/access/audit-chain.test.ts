import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type StateServer, startStateServer } from '../../test/support/state-server.ts';
import { FakeClock } from '../lib/clock.ts';
import type { Db } from '../lib/db.ts';
import { createLog } from '../lib/log.ts';
import { audit } from './audit.ts';
import { readAuditHead, verifyAuditLog } from './audit-chain.ts';
import { createAuditWitness } from './audit-witness.ts';

const NOW = Date.UTC(2026, 0, 5, 10);
let server: StateServer;
let db: Db;

beforeAll(async () => {
  server = await startStateServer();
});

afterAll(() => server.stop());

beforeEach(async () => {
  ({ db } = await server.database());
});

afterEach(() => server.closeDatabases());

const write = (target: string, detail: Record<string, unknown> = {}) =>
  audit(db, { at: NOW, actor: 'ada', action: 'alert.acknowledge', target, detail });

async function writeMany(count: number): Promise<void> {
  for (let i = 1; i <= count; i += 1) await write(`alert ${i}`, { i, text: 'ü "quoted"', half: 0.5 });
}

/** As somebody would who has the database's password. */
async function tamper(...statements: string[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query("SET LOCAL session_replication_role = 'replica'");
    for (const statement of statements) await tx.query(statement);
  });
}

test('an untouched log is whole, also when many write at one time and some take back what they did', async () => {
  await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      db
        .transaction(async (tx) => {
          await audit(tx, { at: NOW + i, actor: 'ada', action: 'job.run', target: String(i) });
          if (i % 5 === 0) throw new Error('taken back');
        })
        .catch(() => undefined),
    ),
  );
  const verdict = await verifyAuditLog(db, null);
  expect(verdict).toMatchObject({ entries: 48, head: { position: 48 }, faults: [] });
  await write('later');
  expect((await verifyAuditLog(db, verdict.head)).faults).toEqual([]);
});

test('the empty log is whole', async () => {
  expect(await verifyAuditLog(db, null)).toEqual({ entries: 0, head: null, faults: [] });
});

test.each([
  "UPDATE audit_log SET actor = 'bob'",
  'DELETE FROM audit_log',
  'TRUNCATE audit_log',
  'DELETE FROM audit_chain',
  "UPDATE audit_chain SET hash = ''",
])('%s is refused', async (statement) => {
  await writeMany(2);
  await expect(db.query(statement)).rejects.toThrow(/append-only/);
});

const FORGED = `INSERT INTO audit_log (at, actor, action, target) VALUES (now(), 'bob', 'user.create', 'eve')`;
const SEAL_ANEW = `SELECT count(audit_append(e)) FROM (SELECT a FROM audit_log a ORDER BY id) AS x (e)`;

test.each([
  ['an entry that was changed', ["UPDATE audit_log SET actor = 'bob' WHERE id = 3"], 'changed', /Entry 3 was changed/],
  ['a time that was moved', ["UPDATE audit_log SET at = at + interval '1 microsecond' WHERE id = 3"], 'changed', /3/],
  ['a detail that was changed', [`UPDATE audit_log SET detail = '{"i": 4}' WHERE id = 3`], 'changed', /3/],
  ['an entry that was removed', ['DELETE FROM audit_log WHERE id = 3'], 'removed', /Entry 3 was removed/],
  [
    'an entry that was removed with its link',
    ['DELETE FROM audit_log WHERE id = 3', 'DELETE FROM audit_chain WHERE audit_id = 3'],
    'links_removed',
    /between 2 and 4/,
  ],
  ['an entry that was written past the chain', [FORGED], 'not_linked', /Entry 6 was written past/],
  [
    'an end that was cut off',
    ['DELETE FROM audit_log WHERE id > 3', 'DELETE FROM audit_chain WHERE audit_id > 3'],
    'cut_off',
    /as far as link 5/,
  ],
  ['a log that was emptied', ['TRUNCATE audit_log', 'TRUNCATE audit_chain'], 'cut_off', /as far as link 5/],
  [
    'a chain that was computed anew',
    ["UPDATE audit_log SET actor = 'bob' WHERE id = 3", 'TRUNCATE audit_chain', SEAL_ANEW],
    'rewritten',
    /Link 5/,
  ],
] as const)('%s is found', async (_, statements, code, message) => {
  await writeMany(5);
  const { head } = await verifyAuditLog(db, null);
  await tamper(...statements);
  const { faults } = await verifyAuditLog(db, head);
  expect(faults[0]?.code).toBe(code);
  expect(faults[0]?.message).toMatch(message);
});

test('the witness follows the log, and keeps what it saw when the log no longer continues it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-witness-'));
  const clock = new FakeClock(NOW);
  const lines: string[] = [];
  const log = createLog(clock, (line) => lines.push(line));
  const witness = createAuditWitness({ path: join(folder, 'audit-head.json'), db, clock, log });
  const rounds = async () => {
    await witness.stop();
    witness.start();
    await witness.stop();
  };
  expect(await witness.read()).toBeNull();
  await rounds();
  expect(await witness.read()).toBeNull();
  await writeMany(3);
  await rounds();
  expect(await witness.read()).toEqual(await readAuditHead(db));
  await tamper('TRUNCATE audit_log', 'TRUNCATE audit_chain');
  await rounds();
  expect(await witness.read()).toMatchObject({ position: 3 });
  expect(lines.join('')).toContain('its end was cut off');
  await rm(folder, { recursive: true });
});
