import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BackupKey, Repository, SELF } from '../../src/care/backup/index.ts';
import { recoverable } from '../../src/care/backup/physical/index.ts';
import { readSettings } from '../../src/config/settings.ts';
import { type EngineHandle, startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Backups } from '../../src/main/backup/backups.ts';
import { readKit, writeKit } from '../../src/main/backup/kit.ts';
import { confirmKitProof, confirmKitText, kitOf } from '../../src/main/backup/recovery-kit.ts';
import { restoreSelf } from '../../src/main/backup/restore-self.ts';
import { SelfBackup } from '../../src/main/backup/self.ts';
import { loadUsableConfig } from '../../src/main/config.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { connectState, migrateState } from '../../src/store/state/index.ts';
import { connect, log } from './physical-rig.ts';
import { problemCodes } from './rig.ts';

const SECRET = 'f'.repeat(64);
const RING = { current: SECRET, previous: [] };
const hooks = { progress: () => undefined, signal: new AbortController().signal };
let folder: string;
let engine: EngineHandle | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-self-'));
}, 90_000);

afterEach(async () => {
  await engine?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function startState(data: string): Promise<EngineHandle> {
  engine = await startEmbeddedPostgres({
    dataDir: join(data, 'postgres'),
    settings: { fsync: 'off' },
    clock: systemClock,
    log,
  });
  return engine;
}

test('state, configuration and blobs come back on an empty machine from the kit alone', async () => {
  const key = BackupKey.create();
  const site = join(folder, 'site');
  const data = join(folder, 'data');
  await mkdir(site);
  await writeFile(join(site, 'backup.key'), `${key.toLine()}\n`);
  await writeFile(
    join(site, 'yumops.yml'),
    `service: shop\nbackups: [{name: nightly, files: [.], key: "file:./backup.key"}]\nstores: {blobs: "file:./blobs"}\n`,
  );
  const settings = readSettings({ config: site, data }, {});
  const state = await startState(data);
  const db = connectState(state.url, { log });
  await migrateState(db);
  await db.query('CREATE TABLE rules_of_users AS SELECT 1 AS n');
  const { config } = loadUsableConfig(site, {});
  const self = new SelfBackup({
    settings,
    clock: systemClock,
    log,
    stateUrl: state.url,
    keyring: RING,
    telemetry: null,
  });
  await self.follow(config, true);
  const store = await openBlobStore(`file:${site}/blobs`, folder);
  const repository = new Repository(store, SELF, readKit(key.toLine()).keys);
  while ((await recoverable(repository, Date.now())) === null) await systemClock.sleep(100);
  await db.query('INSERT INTO rules_of_users VALUES (2)');
  // The log leaves a moment after the commit; what had no moment is not to come back.
  const [{ lsn }] = (await db.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn')) as [
    { lsn: string },
  ];
  const arrived = () =>
    db.query<{ yes: boolean }>(
      `SELECT coalesce(bool_or(write_lsn >= $1::pg_lsn), false) AS yes FROM pg_stat_replication`,
      [lsn],
    );
  while ((await arrived())[0]?.yes !== true) await systemClock.sleep(50);
  await store.put('attachments/one', Buffer.from('bytes'));
  await db.close();
  await self.stop();
  await state.stop();

  // The quarterly drill knows the kit and the store, nothing else of this machine.
  const backups = new Backups({ settings, config, clock: systemClock, log });
  const nightly = backups.config('nightly');
  const codes = () => problemCodes(backups);
  expect(await codes()).toEqual(['kit_unconfirmed']);
  const text = writeKit(key.toLine(), { from: store.address, keyring: RING });
  const drill = await backups.drillSelf(text, hooks);
  expect(drill).toMatchObject({ name: SELF, ok: true, findings: [] });
  expect(Object.keys(drill.phases)).toEqual(['plan', 'fetch', 'replay', 'check']);
  expect(drill.recoveryTimeSeconds).toBeGreaterThan(0);
  const old = await backups.drillSelf(
    writeKit(key.toLine(), { from: '', keyring: { current: '0'.repeat(64), previous: [] } }),
    hooks,
  );
  expect(old.findings).toEqual([expect.objectContaining({ code: 'secret_key_differs' })]);
  const foreign = await backups.drillSelf(writeKit(BackupKey.create().toLine(), { from: '' }), hooks);
  expect(foreign.findings).toEqual([expect.objectContaining({ code: 'backup_key_wrong' })]);
  expect((await backups.drills(backups.config(SELF), 9)).map(({ ok }) => ok)).toEqual([true, false, false]);

  const by = { at: Date.now(), by: 'dana' };
  const wrong = confirmKitProof(backups, nightly, '12345678', by);
  await expect(wrong).rejects.toMatchObject({ code: 'kit_wrong' });
  const other = await confirmKitText(backups, BackupKey.create().toLine(), { ...by, how: 'file' });
  expect(other).toEqual({ confirmed: [], lacking: [{ name: 'nightly', keyId: key.id }] });
  expect(await codes()).toEqual(['kit_unconfirmed']);
  expect((await confirmKitProof(backups, nightly, key.toLine().slice(-8), by)).confirmed).toEqual(['nightly']);
  expect(await codes()).toEqual([]);
  expect(await backups.kitConfirmation(backups.config(SELF))).toMatchObject({ by: 'dana', how: 'code', keyId: key.id });

  // A relative address leads nowhere on another machine.
  expect(await kitOf(nightly, settings, config)).toContain(`--from file:${site}/blobs --kit`);

  // The machine is gone; the store was elsewhere.
  const kit = writeKit(key.toLine(), { from: store.address });
  await rm(data, { recursive: true });
  const place = join(folder, 'new');
  const kitFile = join(folder, 'kit.txt');
  await writeFile(kitFile, kit);
  const again = readSettings({ config: place, data: join(folder, 'new-data') }, {});
  await mkdir(place);
  const input = { settings: again, from: `file:${site}/blobs`, kit, folder: place, at: undefined, withBlobs: true };
  // What fails behind the recovery leaves an empty data folder, so that it can be tried again.
  const blocked = { ...input, folder: join(kitFile, 'below a file') };
  await expect(restoreSelf(blocked, { clock: systemClock, log }, hooks)).rejects.toThrow(/ENOTDIR|not a directory/);
  expect(await readdir(again.dataDir)).toEqual([]);
  const restored = await restoreSelf(input, { clock: systemClock, log }, hooks);
  expect(restored.rows).toMatchObject({ rules_of_users: 2 });
  expect(restored.files.written).toEqual([join(place, 'yumops.yml')]);
  expect(await readFile(join(place, 'backup.key'), 'utf8')).toBe(`${key.toLine()}\n`);
  expect(await readFile(`${again.dataDir}.key`, 'utf8')).toBe(`${SECRET}\n`);
  expect(await readFile(join(place, 'blobs/attachments/one'), 'utf8')).toBe('bytes');
  const copy = await connect((await startState(again.dataDir)).url);
  expect((await copy.query('SELECT n FROM rules_of_users ORDER BY n')).rows).toEqual([{ n: 1 }, { n: 2 }]);
  await copy.end();

  await expect(restoreSelf(input, { clock: systemClock, log }, hooks)).rejects.toMatchObject({
    code: 'data_folder_taken',
  });
}, 90_000);
