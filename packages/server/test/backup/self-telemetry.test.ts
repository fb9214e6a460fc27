import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { BackupKey, Repository, readCatalogue, readManifest, SELF } from '../../src/care/backup/index.ts';
import { recoverable } from '../../src/care/backup/physical/index.ts';
import { readSettings } from '../../src/config/settings.ts';
import { type EngineHandle, startEmbeddedChdb, startEmbeddedPostgres } from '../../src/engines/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { TelemetryStore } from '../../src/lib/telemetry.ts';
import { makeArchives } from '../../src/main/backup/archives.ts';
import { Backups } from '../../src/main/backup/backups.ts';
import { readKit, writeKit } from '../../src/main/backup/kit.ts';
import { restoreSelf } from '../../src/main/backup/restore-self.ts';
import { SelfBackup } from '../../src/main/backup/self.ts';
import { loadUsableConfig } from '../../src/main/config.ts';
import type { Identity } from '../../src/main/identity.ts';
import type { Stores } from '../../src/main/stores.ts';
import { openBlobStore } from '../../src/store/blob/index.ts';
import { connectState, migrateState } from '../../src/store/state/index.ts';
import { type ConnectedTelemetry, connectTelemetry, migrateTelemetry } from '../../src/store/telemetry/index.ts';
import { log } from './physical-rig.ts';

const RING = { current: 'f'.repeat(64), previous: [] };
const BATCH = 1_000;
const hooks = { progress: () => undefined, signal: new AbortController().signal };
const key = BackupKey.create();
const { keys } = readKit(key.toLine());
let folder: string;
const engines: EngineHandle[] = [];
let self: SelfBackup;
let repository: Repository;
let telemetry: ConnectedTelemetry;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-test-selftel-'));
  await mkdir(join(folder, 'site'));
  await writeFile(join(folder, 'site', 'backup.key'), `${key.toLine()}\n`);
  const [state, chdb] = await Promise.all([
    startEmbeddedPostgres({
      dataDir: join(folder, 'data/postgres'),
      settings: { fsync: 'off' },
      clock: systemClock,
      log,
    }),
    startEmbeddedChdb({ dataDir: join(folder, 'data/chdb'), clock: systemClock, log }),
  ]);
  engines.push(state, chdb);
  const db = connectState(state.url, { log });
  await migrateState(db);
  await db.close();
  telemetry = connectTelemetry(chdb.url);
  await migrateTelemetry(telemetry);
  self = new SelfBackup({
    settings: settings(),
    clock: systemClock,
    log,
    stateUrl: state.url,
    keyring: RING,
    telemetry,
  });
  const store = await openBlobStore(`file:${join(folder, 'site/blobs')}`, folder);
  repository = new Repository(store, SELF, keys);
}, 120_000);
afterAll(async () => {
  await self?.stop();
  await telemetry?.close();
  for (const engine of engines) await engine.stop();
  await rm(folder, { recursive: true, force: true });
});

const settings = () => readSettings({ config: join(folder, 'site'), data: join(folder, 'data') }, {});

async function configure(more: string) {
  const backup = '{name: nightly, files: [.], key: "file:./backup.key", copy_to: "file:./second"}';
  const text = `backups: [${backup}]\nstores: {blobs: "file:./blobs"}\n`;
  await writeFile(join(folder, 'site/yumops.yml'), text + more);
  const { config } = loadUsableConfig(join(folder, 'site'), {});
  await self.follow(config, true);
  return config;
}

/** A batch of lines, which is stored whole or not at all. */
const insert = (to: TelemetryStore, batch: number) =>
  to.command(`INSERT INTO logs (timestamp, id, project, service, level, message, retentionClass)
    SELECT now64(3), toString(number), 'shop', 'api', 'error', concat('batch ${batch} line ', toString(number)), '30d'
    FROM numbers(${BATCH})`);

async function hashes(from: TelemetryStore, batches: number): Promise<unknown> {
  const known = Array.from({ length: batches }, (_, batch) => `'${batch}'`).join(', ');
  return from.query(
    `SELECT count() AS lines, toString(sum(cityHash64(timestamp, id, message))) AS hash
     FROM logs WHERE splitByChar(' ', message)[2] IN (${known})`,
  );
}

test('telemetry comes back with the state when it is asked for, as it was while more came in', async () => {
  const config = await configure('');
  for (let batch = 0; batch < 5; batch++) await insert(telemetry, batch);
  while ((await recoverable(repository, Date.now())) === null) await systemClock.sleep(100);
  const [first] = await readCatalogue(repository, Date.now());
  // What was made by itself goes to the second destination by itself too.
  const second = new Repository(await openBlobStore(`file:${join(folder, 'site/second')}`, folder), SELF, keys);
  while ((await readCatalogue(second, Date.now())).every(({ id }) => id !== first?.id)) await systemClock.sleep(100);
  expect((await readManifest(repository, first?.id ?? '')).objects.map(({ part }) => part)).not.toContain('files');
  expect(config.selfBackup).toEqual({ telemetry: false });

  const asked = await configure('self_backup: {telemetry: true}\n');
  const before = await hashes(telemetry, 5);
  let goesOn = true;
  let batches = 5;
  const writing = (async () => {
    while (goesOn) await insert(telemetry, batches++);
  })();
  const made = await self.makeBase(hooks);
  goesOn = false;
  await writing;
  expect(made).toMatchObject({ warnings: [] });
  expect(self.telemetryProblem).toBeNull();
  // What had been linked is let go.
  expect(await readdir(join(await dataOf(telemetry), 'shadow'))).toEqual(['increment.txt']);
  await self.stop();

  const backups = new Backups({ settings: settings(), config: asked, clock: systemClock, log });
  expect(await backups.verify(made.id, 1, hooks)).toMatchObject({ ok: true, findings: [] });
  await backups.close();

  const place = join(folder, 'new');
  const kit = writeKit(key.toLine(), { from: repository.store.address });
  const there = readSettings({ config: place, data: join(folder, 'new-data') }, {});
  const input = { settings: there, from: repository.store.address, kit, folder: place, at: undefined };
  const restored = await restoreSelf({ ...input, withBlobs: false }, { clock: systemClock, log }, hooks);
  expect(restored.backup).toBe(made.id);
  expect(restored.telemetry).toMatchObject({ moment: made.finished });
  const engine = await startEmbeddedChdb({ dataDir: join(folder, 'new-data/chdb'), clock: systemClock, log });
  engines.push(engine);
  const copy = connectTelemetry(engine.url);
  expect(await migrateTelemetry(copy)).toEqual([]);
  expect(await hashes(copy, 5)).toEqual(before);
  // Of what came in meanwhile whole batches, and those that had come before the moment.
  const [{ lines }] = (await copy.query('SELECT count() AS lines FROM logs')) as [{ lines: number }];
  expect(lines % BATCH).toBe(0);
  expect(lines).toBeGreaterThanOrEqual(5 * BATCH);
  // It goes on: rows come in, and what is counted from them.
  await insert(copy, batches);
  const counted = 'SELECT count() AS n FROM application_logs';
  expect(await copy.query(counted)).toEqual([{ n: lines + BATCH }]);
  await copy.close();
}, 120_000);

test('when the telemetry cannot be read the backup is made without, says so, and the alert path is told', async () => {
  const config = await configure('self_backup: {telemetry: true}\n');
  const [state, chdb] = engines as [EngineHandle, EngineHandle];
  const stores = { stateUrl: state.url, telemetry, telemetryIsEmbedded: true } as unknown as Stores;
  const identity = { keyring: RING } as unknown as Identity;
  const archives = makeArchives({ settings: settings(), stores, identity, clock: systemClock, log });
  await archives.follow(config, false);
  await chdb.stop();
  try {
    const lacks = expect.stringMatching(/the telemetry is not in it: .+/);
    const made = await archives.backUpSelf(hooks);
    expect(made.warnings).toEqual([lacks]);
    expect(made.objects.map(({ part }) => part)).not.toContain('files');
    const told = expect.objectContaining({ id: `backup:${SELF}:telemetry_not_stored`, holds: true, reason: lacks });
    expect(archives.conditions()).toEqual([told]);
    const restarted = makeArchives({ settings: settings(), stores, identity, clock: systemClock, log });
    try {
      await restarted.follow(config, true);
      await vi.waitFor(() => expect(restarted.conditions()).toContainEqual(told), { timeout: 20_000 });
    } finally {
      await restarted.stop();
    }
  } finally {
    await archives.stop();
  }
}, 60_000);

async function dataOf(store: TelemetryStore): Promise<string> {
  const [disk] = await store.query<{ path: string }>("SELECT path FROM system.disks WHERE name = 'default'");
  return disk?.path ?? '';
}
