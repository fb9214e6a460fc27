import { existsSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Repository } from '../../src/care/backup/index.ts';
import { readPhysicalState } from '../../src/care/backup/physical/archive-state.ts';
import { copyRest } from '../../src/care/backup/physical/copy-wal.ts';
import { recoverCluster } from '../../src/care/backup/physical/restore.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { catchUp } from '../../src/main/backup/copy.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { startStrictS3 } from '../support/strict-s3.ts';
import {
  connect,
  hashTables,
  inRecovered,
  type Rig,
  recoveryServer,
  serverTime,
  startRig,
  untilRecoverable,
} from './physical-rig.ts';

const SCHEMA = `
CREATE TABLE accounts (id int PRIMARY KEY, name text NOT NULL, balance numeric(12, 2) NOT NULL);
INSERT INTO accounts SELECT n, 'account ' || n, n * 1.25 FROM generate_series(1, 20000) n;
CREATE TABLE moves (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int NOT NULL, at timestamptz DEFAULT now(), note text);
CREATE SCHEMA "Odd Name"; CREATE TABLE "Odd Name"."Mixed Case" (id int, body text);
INSERT INTO "Odd Name"."Mixed Case" SELECT n, repeat('x', n) FROM generate_series(1, 500) n;
CREATE TABLE dropped AS SELECT n AS id, md5(n::text) AS body FROM generate_series(1, 5000) n;
CREATE TABLE marks (name text PRIMARY KEY);`;

/** Writes without a pause until it is told to. */
function startWriter(rig: Rig) {
  let paused: (() => void) | undefined;
  let going = true;
  let resume: Promise<void> = Promise.resolve();
  let idle = Promise.resolve();
  const loop = (async () => {
    const client = await connect(rig.engine.url);
    for (let n = 0; going; n++) {
      await resume;
      idle = client
        .query(
          `BEGIN; UPDATE accounts SET balance = balance + 1 WHERE id = ${1 + (n % 20000)};
           INSERT INTO moves (account, note) SELECT ${n}, repeat(md5('${n}'), 20) FROM generate_series(1, 10); COMMIT`,
        )
        .then(() => undefined);
      await idle;
      // Changes of many pages soon make more log than a test needs.
      await new Promise((next) => setTimeout(next, 20));
    }
    await client.end();
  })();
  return {
    async pause() {
      resume = new Promise((resolve) => {
        paused = resolve;
      });
      await idle;
    },
    go: () => paused?.(),
    async stop() {
      going = false;
      paused?.();
      await loop;
    },
  };
}

describe.each([15, 18] as const)('a physical backup of PostgreSQL %i', (major) => {
  let rig: Rig;
  const moments: Record<string, string> = {};
  let hashes: Record<string, string>;

  beforeAll(async () => {
    rig = await startRig(major);
    await rig.app.query(SCHEMA);
    const writer = startWriter(rig);
    const keeper = rig.receive();
    await rig.backUp();
    await rig.app.query(`INSERT INTO marks VALUES ('first')`);
    moments['between'] = await serverTime(rig);
    await rig.app.query(`INSERT INTO marks VALUES ('second')`);
    await writer.pause();
    hashes = await hashTables(rig.app);
    await rig.app.query(`SELECT pg_create_restore_point('hashed')`);
    writer.go();
    await rig.app.query('DROP TABLE dropped');
    await rig.app.query(`INSERT INTO marks VALUES ('third')`);
    const { rows } = await rig.app.query('SELECT pg_current_wal_lsn()::text AS lsn');
    moments['lsn'] = rows[0].lsn;
    await rig.app.query(`INSERT INTO marks VALUES ('fourth')`);
    await writer.stop();
    moments['end'] = await serverTime(rig);
    await untilRecoverable(rig, moments['end']);
    await keeper.stop();
  });

  afterAll(() => rig.stop());

  /** Restores to a moment and looks into the copy. */
  const at = <T>(moment: string | undefined, look: (client: pg.Client) => Promise<T>, repository = rig.repository) =>
    inRecovered({ repository, at: moment }, `${rig.folder}/restored`, look);

  const marks = (client: pg.Client) =>
    client.query<{ name: string }>('SELECT name FROM marks').then(({ rows }) => rows.map(({ name }) => name));

  test('restores every row as it was at a named moment while a writer ran', async () => {
    expect(await at('hashed', hashTables)).toEqual(hashes);
  });

  test('lands between two commits by time, with the table that was dropped later', async () => {
    const found = await at(moments['between'], async (client) => ({
      marks: await marks(client),
      rows: (await client.query('SELECT count(*)::int AS n FROM dropped')).rows[0].n,
    }));
    expect(found).toEqual({ marks: ['first'], rows: 5000 });
  });

  test('lands between two commits by position', async () => {
    expect(await at(moments['lsn'], marks)).toEqual(['first', 'second', 'third']);
  });

  test.runIf(major === 18).each(['bytes of the log fetched', 'replay'])(
    'a recovery that is interrupted at %s ends there and leaves nothing',
    async (phase) => {
      const abort = new AbortController();
      const reason = new Error('interrupted');
      let place = '';
      const server: typeof recoveryServer = {
        ...recoveryServer,
        async place(near) {
          const made = await recoveryServer.place(near);
          place = made.dataDir;
          return made;
        },
        start(options) {
          if (phase === 'replay') abort.abort(reason);
          return recoveryServer.start(options);
        },
      };
      const progress = (what: string) => {
        if (what === phase) abort.abort(reason);
      };
      const input = { repository: rig.repository, server, clock: systemClock, progress, signal: abort.signal };
      await expect(recoverCluster(input, `${rig.folder}/interrupted`)).rejects.toBe(reason);
      expect([place === '', existsSync(place)]).toEqual([false, false]);
    },
  );

  test('a machine without this version of the server is told which one a base backup needs', async () => {
    const elsewhere = { ...recoveryServer, has: async (other: number) => other !== major };
    const folder = `${rig.folder}/elsewhere`;
    await expect(
      recoverCluster({ repository: rig.repository, server: elsewhere, clock: systemClock }, folder),
    ).rejects.toMatchObject({
      code: 'restore_refused',
      message: `A base backup of PostgreSQL ${major} needs a server of that version.`,
      hint: `Install the optional package for PostgreSQL ${major}, or restore on a machine that has it.`,
    });
    expect(existsSync(folder)).toBe(false);
  });

  test('restores the latest moment', async () => {
    expect(await at(undefined, marks)).toEqual(['first', 'second', 'third', 'fourth']);
  });

  test('restores from a second destination that takes copies by a credential without the right to delete', async () => {
    const s3 = await startStrictS3({ locks: true });
    const to = new Repository(await openBlobStore(s3.writerUrl, rig.folder), 'nightly', rig.keys);
    try {
      const route = { from: rig.repository, to, clock: systemClock, lockMs: 86_400_000, pitrWindowMs: 86_400_000 };
      const hooks = { progress: () => undefined, signal: new AbortController().signal };
      const state = await readPhysicalState(rig.repository, Date.now());
      const ids = state.bases.map(({ id }) => id);
      expect((await catchUp({ ...route, isReturn: false }, ids, hooks)).copied).toEqual(ids);
      expect(s3.deletions()).toBe(0);
      expect(await at('hashed', hashTables, to)).toEqual(hashes);
      // A part of a piece that has become whole since: it cannot be deleted there, and stops nothing.
      const whole = [...state.contents.values()][0]?.pieces[0]?.path as string;
      const [start = '', end = ''] = whole.split('/').at(-1)?.split('-') ?? [];
      const shorter = (BigInt(`0x${end}`) - 1n).toString(16).toUpperCase().padStart(16, '0');
      await to.store.put(whole.replace(`${start}-${end}`, `${start}-${shorter}`), Buffer.from('a part'));
      await copyRest(rig.repository, to, hooks.signal);
      expect(s3.requests.filter((request) => request.startsWith('DELETE'))).not.toEqual([]);
    } finally {
      to.store.close();
      await s3.stop();
    }
  });
});
