import { expect, test } from 'vitest';
import type { JobContext } from '../scheduler/index.ts';
import type { BackupConfig } from './config.ts';
import { type BackupWork, backupJobs } from './jobs.ts';

test.each(['main', null])('copies wait for the backup and the pruning after it (database %s)', (database) => {
  const config = {
    name: 'nightly',
    tiers: ['logical'],
    timeZone: 'UTC',
    database,
    copyTo: { name: 'offsite' },
    schedule: '0 3 * * *',
  };
  const jobs = backupJobs(config as unknown as BackupConfig, {} as BackupWork);
  const groupOf = (name: string) => jobs.find((job) => job.name === name)?.group;
  expect(groupOf('backup-nightly-copy')).toBe(groupOf('backup-nightly'));
});

test('a job for chosen schemas makes a one-off of them and prunes nothing; without schemas it says what is missing', async () => {
  const config = {
    name: 'nightly',
    tiers: ['logical'],
    timeZone: 'UTC',
    database: 'main',
    copyTo: null,
    schedule: '0 3 * * *',
  };
  const made: unknown[] = [];
  const work = {
    async backUp(_config: unknown, _context: unknown, only: unknown) {
      made.push(only);
      return { ok: true, lines: ['made'], detail: {} };
    },
    prune: () => Promise.reject(new Error('pruned')),
  };
  const jobs = backupJobs(config as unknown as BackupConfig, work as unknown as BackupWork);
  const job = jobs.find(({ name }) => name === 'backup-nightly-once');
  const run = (options: object) => job?.run({ options, log: () => undefined } as unknown as JobContext);
  expect(await run({ schemas: ['sales'] })).toMatchObject({ ok: true, summary: 'made' });
  expect(await run({})).toMatchObject({ ok: false });
  expect(await run({ schemas: 'sales' })).toMatchObject({ ok: false });
  expect(made).toEqual([['sales']]);
  expect(job?.group).toBe('database:main');
});

test.each([
  ['none is due', async () => null, { summary: 'made' }, true],
  ['one is made', async () => ({ ok: true, lines: ['full'], detail: {} }), { summary: 'made full' }, true],
  ['it fails', () => Promise.reject(new Error('a link is damaged')), { ok: false }, true],
  [
    'it is not copied',
    async () => ({ ok: false, lines: ['full'], detail: { synthetic: 'nightly-x' } }),
    { ok: false, summary: 'made full' },
    false,
  ],
])(
  'a full backup of increments comes after the backup, and before what it lets go is deleted: %s',
  async (_, synthesize, result, pruned) => {
    const config = {
      name: 'nightly',
      tiers: ['physical'],
      timeZone: 'UTC',
      database: 'main',
      copyTo: null,
      schedule: '0 3 * * *',
    };
    const done: string[] = [];
    const work = {
      backUp: async () => ({ ok: true, lines: ['made'], detail: {} }),
      synthesize: (_config: unknown, _context: unknown, whenDue: boolean) => {
        done.push(`synthesize ${whenDue}`);
        return synthesize();
      },
      prune: async () => done.push('prune'),
    };
    const jobs = backupJobs(config as unknown as BackupConfig, work as unknown as BackupWork);
    const context = {
      options: {},
      log: () => undefined,
      signal: new AbortController().signal,
    } as unknown as JobContext;
    const job = jobs.find(({ name }) => name === 'backup-nightly');
    expect(await job?.run(context)).toMatchObject(result);
    expect(done).toEqual(pruned ? ['synthesize true', 'prune'] : ['synthesize true']);
    expect(jobs.find(({ name }) => name === 'backup-nightly-synthesize')).toMatchObject({
      schedule: null,
      group: 'database:main',
    });
  },
);
