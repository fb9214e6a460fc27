import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import type { Repository, StoredObject } from './repository.ts';

/** How a backup was made: `logical` = a dump, files and settings; `physical` = the bytes of the server and its WAL. */
export type BackupTier = 'logical' | 'physical';

/** What this version reads; a backup is written in the oldest that says all that it needs. */
const FORMATS = ['yumops-backup/1', 'yumops-backup/2', 'yumops-backup/3', 'yumops-backup/4'] as const;
/** Of all other backups. */
export const FORMAT_WITHOUT_PIECES = FORMATS[0];
/** Of a backup whose increments hold pieces of pages: versions that know nothing of them must refuse it. */
export const FORMAT_OF_PIECES = FORMATS[1];
/** Of a backup whose dump is of several archives: versions that know of one alone would restore it without most rows. */
export const FORMAT_OF_SPLIT = FORMATS[2];
/** Of a base backup whose archive is in several volumes: versions that know of one alone would restore its beginning. */
export const FORMAT_OF_VOLUMES = FORMATS[3];

/** An object of a backup and what it is: `dump`, `dump.1`, `roles`, `tables`, `files`, `base.tar`, `base.tar.1`, … */
export interface ManifestObject extends StoredObject {
  part: string;
  /** How its content is compressed by us; undefined = not at all, or by the program that made it. */
  packed?: 'blocks' | 'deflate-blocks';
}

/** The database server that was backed up. */
export interface BackupSource {
  /** Name under `databases:`. */
  database: string;
  /** Name of the database on its server; null when all of them are in the backup. */
  catalog: string | null;
  /** As the server says it: `15.20`. */
  serverVersion: string;
  serverMajor: number;
  /** Of the cluster, as text; null where the role may not ask for it. */
  systemIdentifier: string | null;
  encoding: string;
  collation: string;
  collationVersion: string | null;
  extensions: readonly { name: string; version: string; schema: string }[];
}

/** What a base backup needs of the write-ahead log. LSNs as Postgres writes them: `0/3000028`. */
export interface BackupWal {
  start: string;
  stop: string;
  timeline: number;
}

/** How a full base backup was put together. */
export interface SyntheticFull {
  /** The increment whose moment it holds. */
  from: string;
  /** How many increments it was put together of. */
  increments: number;
  /** ISO; `started` of the backup is that of the increment. */
  begun: string;
  /** When a server last sent a full one that this goes back to, ISO. */
  serverFullAt: string;
}

/** Runs that were cut off and whose volumes are part of a later base backup. */
export interface ResumedRuns {
  /** Their ids, the oldest first; some objects of the backup stand in their folders. */
  from: readonly string[];
  /** Bytes as stored that needed not be sent again. */
  bytes: number;
}

/**
 * What makes objects in a store a backup. It is authenticated and written last, so that a backup either has one, and
 * then everything that it names was stored, or is none. It is not encrypted: what is private (names of tables and
 * files, row hashes) stands in sealed objects.
 */
export interface BackupManifest {
  format: (typeof FORMATS)[number];
  id: string;
  name: string;
  tier: BackupTier;
  /** The backup that this one is an increment of. */
  parent: string | null;
  /** ISO, UTC. The start is the moment that the backup holds. */
  started: string;
  finished: string;
  /** Version of YumOps. */
  madeBy: string;
  /** Program that read the database, such as `pg_dump 15.20`; null = ourselves. */
  client: string | null;
  source: BackupSource | null;
  /** Schemas of the database that are in it; null, or undefined as in earlier backups = all. */
  schemas?: readonly string[] | null;
  /** Made once, by hand, of schemas that were chosen then: it stands in for no backup of the configuration. */
  oneOff?: boolean;
  wal: BackupWal | null;
  /** Of a full base backup that no server sent, but that was put together in the store. */
  synthetic?: SyntheticFull;
  /** What runs that were cut off had stored of it already. */
  resumed?: ResumedRuns;
  objects: readonly ManifestObject[];
  /** Bytes that this backup added to the store, chunks of files included. */
  bytes: number;
  /** What a reader should know though the backup is good. */
  warnings: readonly string[];
  /** Until when its objects are locked, ISO; null = not at all. */
  lockedUntil: string | null;
  /** Fingerprint of the key that it is sealed with. */
  keyId: string;
}

/** Part of every base backup: the server's list of its files. */
export const SERVER_MANIFEST = 'backup_manifest';

/** A new id: readable, in order of time, unique. @param now milliseconds since the epoch */
export function newBackupId(repository: Pick<Repository, 'folder'>, now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${repository.folder}-${time}-${randomHex(3)}`;
}

/** Where the manifest of a backup stands. */
export function manifestPath({ folder }: Pick<Repository, 'folder'>, id: string): string {
  return `${folder}/manifests/${id}.json`;
}

/** Makes the backup exist: the last thing that is written. @returns the manifest as stored */
export async function writeManifest(
  repository: Repository,
  manifest: Omit<BackupManifest, 'format' | 'name' | 'keyId'>,
  format: BackupManifest['format'] = FORMAT_WITHOUT_PIECES,
): Promise<BackupManifest> {
  const whole = { format, name: repository.name, ...manifest } as const;
  const locked = manifest.lockedUntil === null ? {} : { lockUntil: Date.parse(manifest.lockedUntil) };
  await repository.writeRecord(manifestPath(repository, manifest.id), whole, {
    ifAbsent: true,
    patient: true,
    ...locked,
  });
  return { ...whole, keyId: repository.keyId };
}

/**
 * Reads and checks the manifest of a backup.
 * @throws YumOpsError `backup_unknown`, `backup_damaged`, `backup_key_wrong`, `backup_format`, and those of the store
 */
export async function readManifest(repository: Repository, id: string): Promise<BackupManifest> {
  let manifest: BackupManifest;
  try {
    manifest = await repository.readRecord<BackupManifest>(manifestPath(repository, id));
  } catch (error) {
    if (!(error instanceof YumOpsError) || error.code !== 'blob_missing') throw error;
    throw new YumOpsError('backup_unknown', `There is no backup ${id} in ${repository.store.address}.`, {
      hint: 'See `yumops backup list`.',
      status: 404,
      cause: error,
    });
  }
  if (FORMATS.includes(manifest.format)) return manifest;
  throw new YumOpsError('backup_format', `The backup ${id} has the format "${String(manifest.format)}".`, {
    hint: `This version reads ${FORMATS.join(', ')}. Use the version of YumOps that made the backup, or a newer one.`,
    status: 409,
  });
}
