import { expect, test } from 'vitest';
import type { BackupConfig } from './config.ts';
import { type BackupWork, backupJobs } from './jobs.ts';

test.each(['main', null])('copies wait for the backup and the pruning after it (database %s)', (database) => {
  const config = { name: 'nightly', timeZone: 'UTC', database, copyTo: { name: 'offsite' }, schedule: '0 3 * * *' };
  const jobs = backupJobs(config as unknown as BackupConfig, {} as BackupWork);
  const groupOf = (name: string) => jobs.find((job) => job.name === name)?.group;
  expect(groupOf('backup-nightly-copy')).toBe(groupOf('backup-nightly'));
});
