import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { freePort } from '../free-port.ts';
import { startInLockedHome } from '../locked-home.ts';
import { engineUser } from '../os-user.ts';
import { placeData } from '../placement.ts';
import { type EngineHandle, Supervisor } from '../supervisor.ts';
import { type PostgresMajor, prepareBinaries } from './binaries.ts';
import { ensureCluster, SUPERUSER } from './cluster.ts';
import { launchPostmaster, quitPostmaster } from './postmaster.ts';

export interface EmbeddedPostgresOptions {
  /** The engine's folder; created when it is not there. */
  dataDir: string;
  /** Default 18. */
  major?: PostgresMajor;
  /** Server settings on top of ours, such as `{ wal_level: 'logical' }`. */
  settings?: Readonly<Record<string, string | number>>;
  clock: Clock;
  log: Log;
}

/**
 * Starts the embedded PostgreSQL server on a free port of the loopback address and keeps it running. The `url` is of
 * the superuser and the database `postgres`.
 * @throws {YumOpsError} `engine_in_use`, `postgres_missing`, `postgres_version`, `postgres_start_failed`
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EngineHandle> {
  const { dataDir: home, major = 18, clock } = options;
  const log = options.log.child('postgres');
  return startInLockedHome(home, 'PostgreSQL', async () => {
    const user = engineUser();
    const dataDir = await placeData(home, user);
    const binaries = await prepareBinaries(major, dataDir, user);
    const password = await ensureCluster(home, dataDir, major, binaries, user);
    const settings = { ...settingsFor(major), ...options.settings };
    const launchOn = (onPort: number) =>
      launchPostmaster({ binaries, dataDir, settings: { ...settings, port: onPort }, user, clock, log });
    let port = 0;
    const supervisor = await Supervisor.start({
      name: 'PostgreSQL',
      async launch() {
        if (port !== 0) return launchOn(port);
        const first = await launchOnFreePort(launchOn);
        port = first.port;
        return first.child;
      },
      quit: quitPostmaster,
      grace: 60_000,
      clock,
      log,
    });
    return { supervisor, url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres` };
  });
}

/** Another program may take the free port in the moment before the server does. */
async function launchOnFreePort(
  launchOn: (port: number) => Promise<ChildProcess>,
  attempts = 5,
): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  try {
    return { child: await launchOn(port), port };
  } catch (error) {
    if (attempts <= 1 || !messageOf(error).includes('Address already in use')) throw error;
    return launchOnFreePort(launchOn, attempts - 1);
  }
}

/** Sized for one platform on one machine: durable, quiet, small. */
function settingsFor(major: PostgresMajor): Record<string, string | number> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'on',
    shared_preload_libraries: 'pg_stat_statements',
    // The system caches the files beside it; ten thousand alerts that fire fill it.
    shared_buffers: '48MB',
    max_connections: 60,
    wal_level: 'replica',
    max_wal_size: '512MB',
    // A backup that cannot be stored must not fill the disk.
    max_slot_wal_keep_size: '2GB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...(major >= 17 ? { summarize_wal: 'on' } : {}),
  };
}
