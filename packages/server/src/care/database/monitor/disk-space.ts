import { statfs } from 'node:fs/promises';
import type { MonitoredDatabase } from '../monitored-database.ts';

/** Room on the disk of a server, in bytes. */
export interface DiskSpace {
  /** All databases of the server and its WAL. */
  used: number;
  /** What is left; null when that is not known: the server is on another machine and nobody said how large its disk is. */
  free: number | null;
}

interface SpaceRow {
  used: number;
  folder: string | null;
  local: boolean;
}

/** `data_directory` is hidden from roles without pg_read_all_settings, and so is the size of WAL. */
const SQL = `
  SELECT (SELECT sum(pg_database_size(oid)) FROM pg_database)::float8
           + CASE WHEN pg_has_role('pg_monitor', 'USAGE')
                  THEN (SELECT coalesce(sum(size), 0) FROM pg_ls_waldir())::float8 ELSE 0 END AS used,
         CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END AS folder,
         coalesce(host(inet_server_addr()) = host(inet_client_addr()), true) AS local`;

/** Milliseconds: sizes of many large databases take a while to add up. */
const LIMIT = 20_000;

/** @param capacity bytes of the disk as configured, null = look where the server is on this machine */
export async function readDiskSpace(db: MonitoredDatabase, capacity: number | null): Promise<DiskSpace> {
  const [row] = await db.query<SpaceRow>(SQL, { timeout: LIMIT });
  if (!row) throw new Error('The server did not say how large it is.');
  const { used, folder, local } = row;
  if (capacity !== null) return { used, free: Math.max(0, capacity - used) };
  return { used, free: folder !== null && local ? await freeOf(folder) : null };
}

/** Free bytes of the disk that a folder is on; null when this machine does not have it. */
export async function freeOf(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
