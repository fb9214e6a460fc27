import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupManifest } from '../../src/care/backup/index.ts';
import { backUpPhysically } from '../../src/care/backup/physical/backup-now.ts';
import type { PostgresMajor } from '../../src/engines/index.ts';
import { DAY_MS } from '../../src/lib/zoned-time.ts';
import { findPrograms } from '../../src/store/source/find-programs.ts';
import { connect, hashTables, inRecovered, type Rig, serverTime, startRig, untilRecoverable } from './physical-rig.ts';
import { makeRig } from './rig.ts';

// 15 and 18 have every test of the other files; `npm run soak -- postgres-versions` does these on 16 too.
const majors = (process.env.YUMOPS_TEST_MAJORS ?? '17').split(',').map((major) => Number(major) as PostgresMajor);
const programs = await findPrograms(process.env.PATH ?? '');

describe.each(majors)('PostgreSQL %i', (major) => {
  const makesIncrements = major >= 17;
  const hasDump = programs.some((found) => found.major >= major);
  const made: BackupManifest[] = [];
  let rig: Rig;
  let between: string;
  let hashes: Record<string, string>;

  beforeAll(async () => {
    rig = await startRig(major, makesIncrements ? { summarize_wal: 'on' } : {});
    const backUp = async () => made.push(await backUpPhysically({ ...rig.input, fullEveryMs: 7 * DAY_MS }));
    await rig.app.query(`
      CREATE TABLE items AS SELECT n AS id, md5(n::text) AS body, n * 1.5 AS amount FROM generate_series(1, 100000) n;
      ALTER TABLE items ADD PRIMARY KEY (id);
      CREATE TABLE dropped AS SELECT n FROM generate_series(1, 5000) n;
      CREATE TABLE marks (name text PRIMARY KEY)`);
    const keeper = rig.receive();
    await backUp();
    await rig.app.query(`INSERT INTO marks VALUES ('first')`);
    between = await serverTime(rig);
    await rig.app.query(`INSERT INTO marks VALUES ('second')`);
    await rig.app.query('UPDATE items SET amount = 0 WHERE id BETWEEN 40000 AND 41000');
    await backUp();
    hashes = await hashTables(rig.app);
    await rig.app.query(`SELECT pg_create_restore_point('hashed')`);
    await rig.app.query('DROP TABLE dropped');
    await untilRecoverable(rig, await serverTime(rig));
    await keeper.stop();
  });

  afterAll(() => rig?.stop());

  const restored = (at: string) =>
    inRecovered({ repository: rig.repository, at }, `${rig.folder}/restored`, async (client, { base }) => {
      const { rows } = await client.query<{ name: string }>('SELECT name FROM marks ORDER BY name');
      return { base: base.id, hashes: await hashTables(client), marks: rows.map(({ name }) => name) };
    });

  test(`gives back a named moment from a ${makesIncrements ? 'full backup and its increment' : 'full backup'}`, async () => {
    const [full, second] = made;
    expect(second?.parent).toBe(makesIncrements ? full?.id : null);
    if (makesIncrements) expect((second?.bytes ?? 0) / (full?.bytes ?? 1)).toBeLessThan(0.1);
    expect(await restored('hashed')).toEqual({ base: second?.id, hashes, marks: ['first', 'second'] });
  });

  test('lands between two commits by time', async () => {
    expect(await restored(between)).toMatchObject({ base: made[0]?.id, marks: ['first'] });
  });

  test.runIf(hasDump)('a dump restores with every row, in a trial on a server of the same version', async () => {
    const logical = await makeRig(rig.engine.url);
    try {
      const before = await hashTables(rig.app);
      const id = await logical.good();
      const { ok, evidence } = await logical.verify(id, 3);
      expect([ok, JSON.stringify(evidence)]).toEqual([true, expect.stringContaining(`PostgreSQL ${major}.`)]);
      const to = rig.engine.url.replace(/\/postgres$/, '/again');
      await logical.restore(id, to);
      const copy = await connect(to);
      expect(await hashTables(copy)).toEqual(before);
      await copy.end();
    } finally {
      await logical.remove();
    }
  });
});
