import { appendFile, chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  RecoveredServer,
  RecoveryOptions,
  RecoveryPlace,
  RecoveryServer,
} from '../../care/backup/physical/index.ts';
import { syncFolder } from '../../lib/atomic-file.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { engineUser, type OsUser } from '../os-user.ts';
import { handOverTo, moveFolder, placeScratch } from '../placement.ts';
import { makeScratch, sweepScratch } from '../scratch.ts';
import { endProcess } from '../supervisor.ts';
import { installedExtensions, type PostgresMajor, prepareBinaries } from './binaries.ts';
import { launchPostmaster, quitPostmaster } from './postmaster.ts';

/** Milliseconds; a week of log is replayed within it on slow disks. */
const REPLAY_LIMIT = 12 * 3_600_000;
const STOP_LIMIT = 10 * 60_000;
const PORT = 5432;

/**
 * Settings of the restored copy that must not be those of its source: it archives nothing, listens to no network,
 * follows no primary, and loads no library that may not be here.
 */
const ISOLATED = {
  listen_addresses: '',
  port: PORT,
  ssl: 'off',
  archive_mode: 'off',
  archive_command: '',
  archive_library: '',
  archive_cleanup_command: '',
  recovery_end_command: '',
  primary_conninfo: '',
  primary_slot_name: '',
  synchronous_standby_names: '',
  shared_preload_libraries: '',
  session_preload_libraries: '',
  local_preload_libraries: '',
  hot_standby: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_min_messages: 'warning',
  shared_buffers: '128MB',
  huge_pages: 'off',
  // The folder is made durable as a whole when it is done.
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  jit: 'off',
};

/** The servers from npm, as what replays a restored data directory. */
export function embeddedRecovery({ clock, log }: { clock: Clock; log: Log }): RecoveryServer {
  const user = engineUser();
  const extensions = new Map<number, ReadonlySet<string> | undefined>();
  const known = async (major: number) => {
    if (!extensions.has(major)) extensions.set(major, await installedExtensions(major));
    return extensions.get(major);
  };
  return {
    async place(near) {
      await sweepScratch({ clock, log });
      return makePlace(await placeScratch(near, user), user);
    },
    has: async (major) => (await known(major)) !== undefined,
    extensions: async (major) => (await known(major)) ?? new Set(),
    start: (options) => startRecovered(options, { user, clock, log: log.child('restore') }),
  };
}

function makePlace(
  { path: dataDir, forget }: { path: string; forget(): Promise<void> },
  user: OsUser | undefined,
): RecoveryPlace {
  return {
    dataDir,
    async moveTo(path) {
      await completeSettings(dataDir);
      await handOverTo(user, dataDir);
      await syncTree(dataDir);
      await moveFolder(dataDir, path);
      await syncFolder(join(path, '..'));
      await forget();
    },
    async discard() {
      await rm(dataDir, { recursive: true, force: true });
      await forget();
    },
  };
}

/** Makes every file of a folder durable. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFolder(path);
  }
  await syncFolder(folder);
}

async function startRecovered(
  { major, dataDir, settings, signal }: RecoveryOptions,
  { user, clock, log }: { user: OsUser | undefined; clock: Clock; log: Log },
): Promise<RecoveredServer> {
  await chmod(dataDir, 0o700);
  await handOverTo(user, dataDir);
  // Paths of sockets are short: the folder is in the system's own place for what passes.
  const scratch = await makeScratch('yumops-restore-');
  const side = scratch.path;
  try {
    await writeFile(join(side, 'pg_hba.conf'), 'local all all trust\n');
    await writeFile(join(side, 'pg_ident.conf'), '');
    await writeFile(join(side, 'postgresql.conf'), '');
    await handOverTo(user, side);
    const binaries = await prepareBinaries(major as PostgresMajor, join(side, 'server'), user);
    const child = await launchPostmaster({
      binaries,
      dataDir,
      settings: {
        ...ISOLATED,
        ...settings,
        config_file: join(side, 'postgresql.conf'),
        hba_file: join(side, 'pg_hba.conf'),
        ident_file: join(side, 'pg_ident.conf'),
        unix_socket_directories: side,
      },
      user,
      startLimit: REPLAY_LIMIT,
      signal,
      clock,
      log,
    });
    return {
      url: (role, database) =>
        `postgres://${encodeURIComponent(role)}@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(side)}&port=${PORT}`,
      async stop() {
        await endProcess(child, () => quitPostmaster(child), STOP_LIMIT, clock);
        await scratch.remove();
      },
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/** Of the source's own settings, what a copy must not do: above all, write into the archive of its source. */
const NEUTRAL = `
# A restored copy archives nothing and follows nobody until it is told to.
archive_mode = 'off'
restore_command = ''
primary_conninfo = ''
`;

/** Gives a restored data directory what a server needs to start with it and its source kept elsewhere. */
async function completeSettings(dataDir: string): Promise<void> {
  for (const [name, content] of [
    ['postgresql.conf', ''],
    ['pg_hba.conf', 'local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n'],
    ['pg_ident.conf', ''],
  ] as const) {
    await writeFile(join(dataDir, name), content, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
  await appendFile(join(dataDir, 'postgresql.auto.conf'), NEUTRAL);
}
