import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'citty';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BackupKey } from '../../care/backup/index.ts';
import { backupPrune } from './prune.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-backup-prune-'));
  await writeFile(join(folder, 'backup.key'), `${BackupKey.create().toLine()}\n`);
  const backup = '{name: nightly, files: [.], key: "file:./backup.key"}';
  await writeFile(join(folder, 'yumops.yml'), `stores: {blobs: "file:./blobs"}\nbackups: [${backup}]\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  [['--now', '2030-01-01T00:00:00Z'], '--now needs --catalogue.'],
  [['--now', '2030-01-01T00:00:00Z', '--dry-run'], '--now needs --catalogue.'],
  [['--catalogue', 'list.json'], '--catalogue needs --dry-run.'],
  [['--from', 'second'], '--from needs --dry-run.'],
])('deletes nothing where an option would be without effect: %j', async (args, message) => {
  const rawArgs = ['nightly', '--config', folder, '--data', join(folder, 'data'), ...args];
  await expect(runCommand(backupPrune, { rawArgs })).rejects.toMatchObject({ code: 'wrong_use', message });
});
