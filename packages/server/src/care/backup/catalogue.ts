import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import { hasEnded } from '../../lib/process-owner.ts';
import { type BackupManifest, type BackupTier, manifestPath, readManifest, SERVER_MANIFEST } from './manifest.ts';
import type { Repository } from './repository.ts';
import { DEAD_AFTER, type FailedRecord, failedPath, type RunningRecord, runningPath } from './run.ts';

/** How far a verification went: 0 present and whole as stored, 1 opened and read, 2 restored, 3 compared, 4 asked. */
export type VerificationLevel = 0 | 1 | 2 | 3 | 4;

/** Something that a verification found. */
export interface VerificationFinding {
  code: string;
  /** Path of a stored object, or name of a table, file or setting. */
  object: string;
  message: string;
}

/** The evidence of one verification, as it is kept beside the backup. */
export interface VerificationRecord {
  id: string;
  level: VerificationLevel;
  at: string;
  ok: boolean;
  findings: readonly VerificationFinding[];
  /** Milliseconds by phase. */
  phases: Readonly<Record<string, number>>;
  /** What it was done with: versions of programs, bytes read, rows compared. */
  evidence: Readonly<Record<string, unknown>>;
}

/** A backup, or a run that became none. */
export interface CatalogueEntry {
  id: string;
  name: string;
  tier: BackupTier;
  parent: string | null;
  /** Schemas of the database that are in it; null = all. */
  schemas: readonly string[] | null;
  /** Whether it was made once, by hand, of schemas that were chosen then. */
  oneOff: boolean;
  /** Of a full base backup that was, or was to be, put together in the store: of which increment, and since when (ISO); else null. */
  synthetic: { from: string; begun: string } | null;
  /** ISO; of one that was put together, when the increment was begun whose moment it holds. */
  started: string;
  /** `damaged`: its manifest was altered; `locked`: it is sealed with a key that we do not have. */
  status: 'good' | 'failed' | 'running' | 'damaged' | 'locked';
  /** The last verification. */
  verified: { level: VerificationLevel; at: string; ok: boolean } | null;
  /** That it added to the store. */
  bytes: number;
  /** Of its own objects, without pieces of files that backups share. */
  size: number;
  /** Seconds that it took; null while it is not known. */
  seconds: number | null;
  /** Why it is not good. */
  why: string | null;
  /** Path of its manifest; null when there is none. */
  manifest: string | null;
}

/** The evidence of all verifications of a backup, newest first. */
export async function readVerifications(repository: Repository, id: string): Promise<VerificationRecord[]> {
  const paths = await pathsBelow(repository, `${repository.folder}/verified/${id}/`);
  const records = await mapSome(paths.reverse(), (path) =>
    repository.readRecord<VerificationRecord>(path).catch(orUnreadable),
  );
  return records.flatMap((record) => (record ? [record] : []));
}

/** Reads so many records at a time. */
const AT_ONCE = 16;

/** Where the evidence of a verification is put. */
export function verificationPath({ folder }: Repository, { id, at, level }: VerificationRecord): string {
  return `${folder}/verified/${id}/${at.replace(/[:.]/g, '-')}-L${level}.json`;
}

/**
 * What the store holds under a name, oldest first. It is read from the store alone: there is nothing to lose.
 * @param now milliseconds since the epoch
 * @throws YumOpsError those of the blob store
 */
export async function readCatalogue(repository: Repository, now: number): Promise<CatalogueEntry[]> {
  const { folder } = repository;
  const [manifests, failed, running, verifications] = (await Promise.all(
    ['manifests', 'failed', 'running', 'verified'].map((kind) => pathsBelow(repository, `${folder}/${kind}/`)),
  )) as [string[], string[], string[], string[]];
  const verified = await lastVerifications(repository, verifications);
  const good = await mapSome(manifests, (path) => readBackup(repository, idOf(path), verified));
  const known = new Set(good.map(({ id }) => id));
  const isOpen = (id: string) => !known.has(id);
  const broken = await mapSome(failed.map(idOf).filter(isOpen), (id) => readFailed(repository, id));
  const begun = await mapSome(running.map(idOf).filter(isOpen), (id) => readRunning(repository, id, now));
  const runs = new Map(broken.map((entry) => [entry.id, entry]));
  for (const run of begun.flat()) if (isLater(run, runs.get(run.id))) runs.set(run.id, run);
  return [...good, ...runs.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

/** By time; a full one that was put together stands behind the increment whose moment it holds. */
function placeOf({ started, synthetic, id }: CatalogueEntry): string {
  return `${started} ${synthetic === null ? 0 : 1} ${id}`;
}

/**
 * Whether a run is what its id stands for now: a copy that failed is tried again under the same id, and while that is under
 * way nothing may take its objects for rubbish. What failed itself may leave its record, where nothing can be deleted.
 */
function isLater(run: CatalogueEntry, failure: CatalogueEntry | undefined): boolean {
  if (failure === undefined) return true;
  return (
    run.status === 'running' && Date.parse(run.started) >= Date.parse(failure.started) + (failure.seconds ?? 0) * 1_000
  );
}

/** The last verification of every backup, by its id. Evidence that was altered counts for nothing. */
async function lastVerifications(
  repository: Repository,
  paths: readonly string[],
): Promise<Map<string, VerificationRecord>> {
  const newest = new Map<string, string>();
  for (const path of paths) newest.set(path.split('/').at(-2) as string, path);
  const records = await mapSome([...newest.values()], (path) =>
    repository.readRecord<VerificationRecord>(path).catch(orUnreadable),
  );
  return new Map(records.flatMap((record) => (record ? [[record.id, record]] : [])));
}

async function readBackup(
  repository: Repository,
  id: string,
  verified: ReadonlyMap<string, VerificationRecord>,
): Promise<CatalogueEntry> {
  const manifest = manifestPath(repository, id);
  try {
    return entryOf(await readManifest(repository, id), manifest, verified.get(id));
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'backup_damaged' && code !== 'backup_key_wrong' && code !== 'backup_format') throw error;
    const status = code === 'backup_damaged' ? 'damaged' : 'locked';
    return { ...(await unknownRun(repository, id)), status, why: messageOf(error), manifest };
  }
}

function entryOf(
  found: BackupManifest,
  manifest: string,
  verification: VerificationRecord | undefined,
): CatalogueEntry {
  const { id, name, tier, parent, schemas = null, oneOff = false, started, finished, bytes, objects } = found;
  const made = found.synthetic ?? null;
  const { level, at, ok } = verification ?? {};
  const verified = level === undefined || at === undefined || ok === undefined ? null : { level, at, ok };
  const synthetic = made && { from: made.from, begun: made.begun };
  const seconds = (Date.parse(finished) - Date.parse(made?.begun ?? started)) / 1_000;
  const size = objects.reduce((sum, object) => sum + object.bytes, 0);
  const times = { started, seconds };
  return {
    id,
    name,
    tier,
    parent,
    schemas,
    oneOff,
    synthetic,
    ...times,
    status: 'good',
    verified,
    bytes,
    size,
    why: null,
    manifest,
  };
}

/**
 * Of backups that are there and do not open, it says so, lest somebody think that there are none.
 * @throws YumOpsError `backup_key_wrong`
 */
export function refuseWrongKey(
  entries: readonly CatalogueEntry[],
  hint = 'Give the key file that was in use when it was made; old keys stay below the new one in the file.',
): void {
  const locked = entries.findLast(({ status }) => status === 'locked');
  if (!locked) return;
  const message = locked.why ?? `${locked.id} is sealed with another key.`;
  throw new YumOpsError('backup_key_wrong', message, { hint, status: 409 });
}

async function readFailed(repository: Repository, id: string): Promise<CatalogueEntry> {
  const record = await repository.readRecord<FailedRecord>(failedPath(repository, id)).catch(orUnreadable);
  if (!record) return { ...(await unknownRun(repository, id)), why: 'It failed; the record of why cannot be read.' };
  const seconds = (Date.parse(record.finished) - Date.parse(record.started)) / 1_000;
  const { tier, started, error } = record;
  return { ...runOf(repository, id, tier), ...chosenOf(record), started, seconds, why: error.message };
}

const chosenOf = ({ only, synthesisOf, started }: Pick<RunningRecord, 'only' | 'synthesisOf' | 'started'>) => ({
  schemas: only ?? null,
  oneOff: only !== undefined,
  synthetic: synthesisOf === undefined ? null : { from: synthesisOf, begun: started },
});

/** None when it ended while we looked. */
async function readRunning(repository: Repository, id: string, now: number): Promise<CatalogueEntry[]> {
  const record = await repository.readRecord<RunningRecord>(runningPath(repository, id)).catch(orUnreadable);
  if (!record) return [];
  const { tier, started, seen, owner } = record;
  const alive = now - Date.parse(seen) < DEAD_AFTER && !(owner && hasEnded(owner, 'shared'));
  const why = alive ? null : 'It was interrupted: its process was killed, or lost the store.';
  return [{ ...runOf(repository, id, tier), ...chosenOf(record), started, status: alive ? 'running' : 'failed', why }];
}

/** A record that is gone or cannot be trusted; every other error is one of the store. */
function orUnreadable(error: unknown): undefined {
  if (!['blob_missing', 'backup_damaged', 'backup_key_wrong'].includes(codeOf(error) ?? '')) throw error;
  return undefined;
}

/** Of a backup that does not open, by what stands beside its manifest: every base backup has the server's list of its files. */
async function unknownRun(repository: Repository, id: string): Promise<CatalogueEntry> {
  const path = repository.objectPath(id, SERVER_MANIFEST);
  for await (const found of repository.store.list(path))
    if (found.path === path) return runOf(repository, id, 'physical');
  return runOf(repository, id, 'logical');
}

/** What an id alone tells. */
function runOf({ name }: Repository, id: string, tier: BackupTier): CatalogueEntry {
  const [, date = '', time = ''] = /-(\d{8})T(\d{6})Z-[0-9a-f]+$/.exec(id) ?? [];
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(date + time)?.slice(1) ?? [
    '1970',
    '01',
    '01',
    '00',
    '00',
    '00',
  ];
  const started = `${parts.slice(0, 3).join('-')}T${parts.slice(3).join(':')}.000Z`;
  const none = {
    parent: null,
    schemas: null,
    oneOff: false,
    synthetic: null,
    verified: null,
    bytes: 0,
    size: 0,
    seconds: null,
    why: null,
    manifest: null,
  };
  return { id, name, tier, started, status: 'failed', ...none };
}

async function pathsBelow({ store }: Repository, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list(prefix)) if (path.endsWith('.json')) paths.push(path);
  return paths;
}

const idOf = (path: string) => path.slice(path.lastIndexOf('/') + 1, -'.json'.length);

/** Maps a few at a time, in order. */
async function mapSome<From, To>(items: readonly From[], work: (item: From) => Promise<To>): Promise<To[]> {
  const results: To[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}

/** Between which moments anything can be restored; null = nothing can. ISO. */
export interface Recoverable {
  earliest: string | null;
  latest: string | null;
}

/** Those that the configuration asks for: one-offs stand in for none of them. */
export function regularOf<Entry extends Pick<CatalogueEntry, 'oneOff'>>(entries: readonly Entry[]): Entry[] {
  return entries.filter(({ oneOff }) => !oneOff);
}

/** The moments of the oldest and the newest good backup. */
export function recoverableOf(entries: readonly CatalogueEntry[]): Recoverable {
  const moments = regularOf(entries)
    .filter(({ status }) => status === 'good')
    .map(({ started }) => started);
  return { earliest: moments[0] ?? null, latest: moments.at(-1) ?? null };
}
