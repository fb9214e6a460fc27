import { access, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { FileEntry, FileSource } from '../../care/backup/index.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { currentOwner, ownerTag } from '../../lib/process-owner.ts';
import { randomHex } from '../../lib/random.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import { FolderFiles } from '../source/folder-files.ts';

const PREFIX = 'yumops_';
/** Of a table's own folder: how its parts are to be read, and changes that wait to be made to them. */
const TABLE_FILES = /^(format_version|mutation_\d+)\.txt$/;

/** The embedded store's files as of one moment a table, to be read while rows come and parts are merged. */
export interface FrozenTelemetry extends FileSource {
  /** Lets go of the parts; merged ones are then deleted. */
  thaw(): Promise<void>;
}

/**
 * Freezes the tables of the embedded telemetry store: the engine links the parts of each, which never change, and the
 * links are read. Put into an empty data folder the files are a store again.
 * @throws YumOpsError `telemetry_elsewhere` where the files are on another machine, and those of the store
 */
export async function freezeTelemetry(telemetry: TelemetryStore): Promise<FrozenTelemetry> {
  const root = await dataFolder(telemetry);
  const shadows = join(root, 'shadow');
  const mine = `${PREFIX}${ownerTag(currentOwner())}_`;
  // The data folder is this process's alone: what another left, it left when it was killed.
  for (const name of await namesIn(shadows)) {
    if (name.startsWith(PREFIX) && !name.startsWith(mine)) await rm(join(shadows, name), { recursive: true });
  }
  const name = `${mine}${randomHex(4)}`;
  const shadow = join(shadows, name);
  const thaw = () => rm(shadow, { recursive: true, force: true });
  try {
    const tables = await telemetry.query<{ name: string; folder: string }>(
      `SELECT name, data_paths[1] AS folder FROM system.tables
       WHERE database = currentDatabase() AND endsWith(engine, 'MergeTree') ORDER BY name`,
    );
    for (const table of tables) await telemetry.command(`ALTER TABLE \`${table.name}\` FREEZE WITH NAME '${name}'`);
    const [database] = await telemetry.query<{ folder: string }>(
      'SELECT metadata_path AS folder FROM system.databases WHERE name = currentDatabase()',
    );
    const folders = ['metadata', plain(relative(root, join(root, database?.folder ?? '')))];
    return {
      ...frozenFiles(
        root,
        shadow,
        folders,
        tables.map(({ folder }) => plain(relative(root, folder))),
      ),
      thaw,
    };
  } catch (error) {
    await thaw();
    throw error;
  }
}

async function dataFolder(telemetry: TelemetryStore): Promise<string> {
  const [disk] = await telemetry.query<{ path: string }>("SELECT path FROM system.disks WHERE name = 'default'");
  const root = disk?.path ?? '';
  const isHere =
    root !== '' &&
    (await access(join(root, 'metadata')).then(
      () => true,
      () => false,
    ));
  if (isHere) return root;
  throw new YumOpsError('telemetry_elsewhere', `The files of the telemetry store are not on this machine: ${root}.`, {
    hint: 'Back a ClickHouse server up with its own BACKUP.',
    status: 409,
  });
}

/** @param folders with the definitions of tables @param tables folders of tables; all relative to `root` */
function frozenFiles(root: string, shadow: string, folders: readonly string[], tables: readonly string[]): FileSource {
  const live = new FolderFiles('telemetry', root);
  const frozen = new FolderFiles('telemetry', shadow);
  return {
    name: 'telemetry',
    root,
    async *list(): AsyncIterable<FileEntry> {
      for (const folder of folders) yield* below(root, folder);
      for (const folder of tables) {
        for await (const entry of below(root, folder, TABLE_FILES)) yield entry;
      }
      if ((await namesIn(shadow)).length > 0) yield* frozen.list();
    },
    async read(path) {
      return (await frozen.read(path)) ?? live.read(path);
    },
    close() {},
  };
}

/** What is in a folder; with `only`, the files of such names right in it. */
async function* below(root: string, folder: string, only?: RegExp): AsyncIterable<FileEntry> {
  for await (const entry of new FolderFiles('telemetry', join(root, folder)).list(only === undefined)) {
    if (only === undefined || (entry.kind === 'file' && only.test(entry.path)))
      yield { ...entry, path: `${folder}/${entry.path}` };
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

const plain = (folder: string) => folder.replace(/\/$/, '');
