import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BackupKey, type VerificationLevel } from '../../src/care/backup/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { readSettings } from '../../src/config/settings.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Secret } from '../../src/lib/secret.ts';
import { Backups, type Hooks, type TierOutcome } from '../../src/main/backup/backups.ts';
import { BackupWatch } from '../../src/main/backup/watch.ts';

/** A folder with a configuration, a key, files and a directory as blob store. */
export interface BackupRig {
  folder: string;
  backups(env?: Record<string, string>): Backups;
  /** Makes a backup and gives its outcome. */
  now(): Promise<TierOutcome>;
  /** Makes a backup that must be good. @returns its id */
  good(): Promise<string>;
  verify(id: string, level: VerificationLevel): ReturnType<Backups['verify']>;
  restore(
    id: string,
    url: string,
    options?: { table?: string; schema?: string; yes?: boolean },
  ): ReturnType<Backups['restore']>;
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Full paths of stored objects whose path has this text. */
  stored(text: string): Promise<string[]>;
  remove(): Promise<void>;
}

/** Says nothing and is never ended. */
export function hooks(): Hooks {
  return { progress: () => undefined, signal: new AbortController().signal };
}

/** @param yaml further keys of the backup, each on a line with four spaces before it */
export async function makeRig(url: string | null, yaml = '', blobs = 'file:./blobs'): Promise<BackupRig> {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-backup-'));
  const database = url === null ? '' : '    database: main\n';
  const databases = url === null ? '' : `databases: [{name: main, url: "${url}"}]\n`;
  await writeFile(join(folder, 'backup.key'), `${BackupKey.create().toLine()}\n`);
  await writeFile(
    join(folder, 'yumops.yml'),
    `stores: {blobs: "${blobs}"}\n${databases}backups:\n  - name: nightly\n${database}    key: "file:./backup.key"\n${yaml}`,
  );
  const backups = (env: Record<string, string> = {}) => {
    const all = { PATH: process.env.PATH, ...env };
    const { config, findings } = loadConfig({ path: folder, env: all });
    if (!config) throw new Error(JSON.stringify(findings));
    const settings = readSettings({ config: folder, data: join(folder, 'data') }, all);
    return new Backups({ settings, config, clock: systemClock, log: createLog(systemClock, () => undefined) });
  };
  const now = async () => {
    const all = backups();
    return (await all.run(all.config('nightly'), hooks()))[0] as TierOutcome;
  };
  return {
    folder,
    backups,
    now,
    async good() {
      const { id, error } = await now();
      if (error) throw error;
      return id;
    },
    verify: (id, level) => backups().verify(id, level, hooks()),
    restore: (id, to, { table, schema, yes = false } = {}) =>
      backups().restore(id, new Secret(to), { table, schema, yes }, hooks()),
    async write(path, content) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    },
    async stored(text) {
      const names = await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true });
      const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return files.filter((file) => file.includes(text)).sort();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The platform's look at backups, which here measures nothing. */
export function watchOf(backups: Backups): BackupWatch {
  const writer = { append: () => Promise.reject(new Error('nothing is measured here')) };
  const context = {
    open: () => backups,
    writer,
    service: 'test',
    clock: systemClock,
    failedDrill: async () => undefined,
  };
  return new BackupWatch({ ...context, log: createLog(systemClock, () => undefined) });
}

/** What the platform would say is wrong with a backup, by its codes. */
export async function problemCodes(backups: Backups, name = 'nightly'): Promise<string[]> {
  return (await watchOf(backups).see(backups, name)).problems.map(({ code }) => code);
}

/** Changes a file in place. */
export async function damage(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

export const flip = (at: number) => (bytes: Buffer) => {
  const copy = Buffer.from(bytes);
  const place = at < 0 ? copy.length + at : at;
  copy[place] = (copy[place] as number) ^ 1;
  return copy;
};
