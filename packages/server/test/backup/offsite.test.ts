import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobRun } from '@yumops/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { BackupKey } from '../../src/care/backup/index.ts';
import { open, run, startEmbeddedServer, type TestServer } from '../database/server.ts';
import { BIN, type RunningPlatform, startYumops } from '../support/start-yumops.mjs';
import { connect, recoveryServer } from './physical-rig.ts';

const LONG = { timeout: 60_000, interval: 250 };
let server: TestServer;
let url: string;
let folder: string;
let env: NodeJS.ProcessEnv;
let platform: RunningPlatform | undefined;

beforeAll(async () => {
  server = await startEmbeddedServer(15, { max_connections: 100 });
  url = await server.createDatabase('app');
  await run(
    url,
    'CREATE TABLE notes (text text)',
    "INSERT INTO notes SELECT 'note ' || g FROM generate_series(1, 500) g",
  );
  folder = await mkdtemp(join(tmpdir(), 'yumops-offsite-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'backup.key'), `${BackupKey.create().toLine()}\n`);
  await writeFile(
    join(folder, 'yumops.yml'),
    `stores: {blobs: "file:./blobs"}
databases: [{name: main, url: "\${APP_URL}"}]
backups:
  - name: nightly
    database: main
    tiers: [logical, physical]
    files: [./uploads]
    key: "file:./backup.key"
    copy_to: {url: "file:./second", name: offsite}
`,
  );
  await mkdir(join(folder, 'uploads'));
  await writeFile(join(folder, 'uploads/menu.txt'), 'soup');
  env = {
    ...process.env,
    APP_URL: url,
    ...{
      YUMOPS_CONFIG: folder,
      YUMOPS_DATA: join(folder, 'data'),
      YUMOPS_STATE_URL: await server.createDatabase('state'),
    },
  };
  platform = await startYumops({ folder, env });
}, 120_000);

afterAll(async () => {
  await platform?.stop();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command that must succeed, and gives what it prints for scripts. */
function yumops<Answer>(...args: string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [BIN, ...args, '--json'], { env, cwd: folder }, (error, stdout, stderr) =>
      error ? reject(new Error(`${args.join(' ')}: ${stdout}${stderr}`)) : resolve(JSON.parse(stdout) as Answer),
    );
  });
}

interface Listed {
  backups: { id: string; tier: string; status: string }[];
  recoverable: { earliest: string; latest: string };
}

test('the scheduler copies what is missing, and with the first destination lost everything comes back from the second', async () => {
  // The platform makes the base that its log begins with by itself, and copies it.
  await vi.waitFor(async () => expect(await readdir(join(folder, 'second/nightly/manifests'))).toHaveLength(1), LONG);
  expect(await yumops<JobRun>('job', 'run', 'backup-nightly')).toMatchObject({ status: 'succeeded' });
  // The second is empty again, as after its disk was changed.
  await rm(join(folder, 'second'), { recursive: true });
  await run(url, "INSERT INTO notes VALUES ('kept')");
  const client = await open(url);
  const { rows } = await client.query('SELECT clock_timestamp() AS moment');
  const moment = (rows[0].moment as Date).toISOString();
  await client.query("INSERT INTO notes VALUES ('after')");
  await client.end();
  await vi.waitFor(async () => {
    const listed = await yumops<Listed>('backup', 'list', 'nightly');
    expect(listed.recoverable.latest > moment).toBe(true);
  }, LONG);
  const copied = await yumops<JobRun>('job', 'run', 'backup-nightly-copy');
  expect(copied).toMatchObject({ status: 'succeeded', summary: expect.stringContaining('good at level 1') });
  const { backups } = await yumops<Listed>('backup', 'list', 'nightly');
  // Of its first base and that of the job retention keeps one, as soon as nobody uses the other.
  const made = new Set(backups.map(({ tier, status }) => `${tier} ${status}`));
  expect([...made].sort()).toEqual(['logical good', 'physical good']);
  const files = await readdir(join(folder, 'second/nightly/manifests'));
  const ids = files.map((name) => name.replace('.json', '')).sort();

  await platform?.stop();
  platform = undefined;
  await rm(join(folder, 'blobs'), { recursive: true });
  const from = ['--from', 'offsite'];
  const there = await yumops<Listed>('backup', 'list', 'nightly', ...from);
  expect(there.backups.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(ids.map((id) => `${id} good`));
  const [logical = '', physical = ''] = ['logical', 'physical'].map((wanted) =>
    backups
      .flatMap(({ id, tier }) => (tier === wanted ? [id] : []))
      .sort()
      .at(-1),
  );
  expect(ids).toEqual(expect.arrayContaining([logical, physical]));
  for (const id of [logical, physical]) {
    expect(await yumops('backup', 'verify', id, '--level', '1', ...from)).toMatchObject({ ok: true });
  }
  expect(await yumops('backup', 'drill', 'nightly', ...from)).toMatchObject({ ok: true, backup: physical });

  const copy = Object.assign(new URL(url), { pathname: '/copy' }).href;
  expect(await yumops('backup', 'restore', logical, '--to', copy, ...from)).toMatchObject({ status: 'restored' });
  expect(await countIn(await open(copy))).toEqual({ notes: 500, after: 0 });
  await yumops('backup', 'restore', logical, '--file', 'uploads/menu.txt', '--to-dir', join(folder, 'files'), ...from);
  expect(await readFile(join(folder, 'files/menu.txt'), 'utf8')).toBe('soup');

  const cluster = join(folder, 'cluster');
  const restored = await yumops('backup', 'restore', 'nightly', '--at', moment, '--to-dir', cluster, ...from);
  expect(restored).toMatchObject({ id: physical, status: 'restored' });
  const recovered = await recoveryServer.start({ major: 15, dataDir: cluster, settings: {} });
  expect(await countIn(await connect(recovered.url('yumops', 'app')))).toEqual({ notes: 501, after: 0 });
  await recovered.stop();
}, 240_000);

async function countIn(client: Awaited<ReturnType<typeof open>>): Promise<unknown> {
  const { rows } = await client.query(
    "SELECT count(*)::int AS notes, count(*) FILTER (WHERE text = 'after')::int AS after FROM notes",
  );
  await client.end();
  return rows[0];
}
