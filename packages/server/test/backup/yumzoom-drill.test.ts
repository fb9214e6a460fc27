import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BackupKey, type DrillRecord } from '../../src/care/backup/index.ts';
import { readSettings } from '../../src/config/settings.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Backups } from '../../src/main/backup/backups.ts';
import { declareFailedDrill } from '../../src/main/backup/failed-drill.ts';
import { BackupWatch } from '../../src/main/backup/watch.ts';
import { loadUsableConfig } from '../../src/main/config.ts';
import { log } from './physical-rig.ts';

const EXAMPLE = fileURLToPath(new URL('../../../../examples/yumzoom', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../bin/yumops.js', import.meta.url));

interface SiteDatabase {
  urls: Record<string, string>;
  stop(): Promise<void>;
}

let folder: string;
let database: SiteDatabase;
let env: Record<string, string>;

/** The database of the example as `npm start` runs it, with the addresses and the key where its configuration looks. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-drill-'));
  const data = join(folder, 'site');
  const { startDatabase } = await import(join(EXAMPLE, 'scripts/runner/database.mjs'));
  database = await startDatabase({ folder: join(data, 'postgres'), log: () => undefined });
  await mkdir(join(data, 'database'));
  await mkdir(join(data, 'uploads'));
  for (const [role, url] of Object.entries(database.urls)) await writeFile(join(data, `database/${role}.url`), url);
  await writeFile(`${data}-backup.key`, `${BackupKey.create().toLine()}\n`);
  const inbox = { DEMO_INBOX_SLACK: 'http://127.0.0.1:9/slack', DEMO_INBOX_SMTP: 'smtp://127.0.0.1:9' };
  env = { PATH: String(process.env.PATH), YUMZOOM_DATA: data, YUMZOOM_URL: 'http://127.0.0.1:9', ...inbox };
}, 120_000);

afterAll(async () => {
  await database?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command as somebody at a terminal does. */
function yumops(...args: string[]): Promise<{ code: number; text: string }> {
  const all = [COMMAND, 'backup', ...args, '--config', EXAMPLE, '--data', join(folder, 'data')];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout }),
    );
  });
}

function openBackups(): Backups {
  const settings = readSettings({ config: EXAMPLE, data: join(folder, 'data') }, env);
  return new Backups({ settings, config: loadUsableConfig(EXAMPLE, env).config, clock: systemClock, log });
}

test('the drill of the example recovers it, says how long that took and how much would be lost', async () => {
  const made = await yumops('now', 'yumzoom', '--json');
  expect(made.code, made.text).toBe(0);
  expect(JSON.parse(made.text)).toMatchObject({ tier: 'physical', status: 'good' });
  expect((await yumops('now', 'uploads', '--json')).code).toBe(0);
  const drill = await yumops('drill', 'yumzoom', '--json');
  const report = JSON.parse(drill.text);
  expect(report, drill.text).toMatchObject({ ok: true, findings: [] });
  expect(Object.keys(report.phases)).toEqual(['plan', 'fetch', 'replay', 'check']);
  const sum = Object.values<number>(report.phases).reduce((total, seconds) => total + seconds, 0);
  expect(report.recovery_time_seconds).toBeCloseTo(sum, 3);
  expect(report.recovery_point_seconds).toBeGreaterThanOrEqual(0);
  expect(report.within_targets.recovery_time).toBe(true);
  const text = await yumops('drill', 'yumzoom');
  expect(text.text).toMatch(
    /^Recovered from yumzoom-.*\nRecovery time {2}[\d.]+ s \(plan .*within the target of 5 min\n/,
  );
}, 120_000);

test('a drill that fails declares one incident, whoever ran it and however often it is looked at', async () => {
  const declared: { title: string; summary?: string | undefined; key?: string | null | undefined }[] = [];
  const incidents = {
    async declare(input: (typeof declared)[number]) {
      declared.push(input);
      return { id: '1', number: 1, created: true };
    },
  };
  const watch = new BackupWatch({
    ...{ open: openBackups, writer: { append: async () => undefined }, service: 'yumzoom', clock: systemClock, log },
    failedDrill: (drill: DrillRecord) => declareFailedDrill(incidents, drill, Date.now()),
  });
  await watch.look();
  expect(declared).toEqual([]);
  const blobs = join(folder, 'site-backups/yumzoom/objects');
  for (const id of await readdir(blobs)) await truncate(join(blobs, id, 'base.tar'), 20_000);
  const drill = await yumops('drill', 'yumzoom', '--json');
  expect(drill.code).toBe(1);
  expect(JSON.parse(drill.text)).toMatchObject({ ok: false, findings: [{ code: 'backup_damaged' }] });
  await watch.look();
  await watch.look();
  expect(declared).toEqual([
    expect.objectContaining({
      title: 'The recovery drill of "yumzoom" failed',
      summary: expect.stringMatching(/base\.tar is damaged: it is cut short/),
      key: expect.stringMatching(/^backup-drill:yumzoom:/),
    }),
  ]);
  expect(watch.conditions().map(({ id }) => id)).toContain('backup:yumzoom:drill_failed');
});
