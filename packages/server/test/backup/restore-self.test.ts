import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BackupKey, Repository } from '../../src/care/backup/index.ts';
import { recoverable } from '../../src/care/backup/physical/index.ts';
import { readSettings } from '../../src/config/settings.ts';
import { type EngineHandle, startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { readKit, writeKit } from '../../src/main/backup/kit.ts';
import { restoreSelf } from '../../src/main/backup/restore-self.ts';
import { SELF, SelfBackup } from '../../src/main/backup/self.ts';
import { loadUsableConfig } from '../../src/main/config.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { connectState, migrateState } from '../../src/store/state/index.ts';
import { connect, log } from './physical-rig.ts';

const SECRET = 'f'.repeat(64);
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
  const self = new SelfBackup({ settings, clock: systemClock, log, stateUrl: state.url, secretKey: SECRET });
  await self.follow(config);
  const store = await openBlobStore(`file:${site}/blobs`, folder);
  const repository = new Repository(store, SELF, readKit(key.toLine()).keys);
  while ((await recoverable(repository, Date.now())) === null) await systemClock.sleep(100);
  await db.query('INSERT INTO rules_of_users VALUES (2)');
  await store.put('attachments/one', Buffer.from('bytes'));
  await db.close();
  await self.stop();
  await state.stop();

  // The machine is gone; the store was elsewhere.
  const kit = join(folder, 'kit.txt');
  await writeFile(kit, writeKit(key.toLine(), { from: store.address }));
  await rm(data, { recursive: true });
  const place = join(folder, 'new');
  const again = readSettings({ config: place, data: join(folder, 'new-data') }, {});
  await mkdir(place);
  const input = { settings: again, from: `file:${site}/blobs`, kit, folder: place, at: undefined };
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
