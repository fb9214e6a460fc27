import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../lib/atomic-file.ts';
import type { Clock } from '../../../lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Repository } from '../repository.ts';
import { type KnownBase, readPhysicalState } from './archive-state.ts';
import { fetchWal, type ReplayEnd } from './fetch-wal.ts';
import { formatLsn } from './lsn.ts';
import { linksOf } from './parents.ts';
import { chooseChain, isoMicroseconds, type ReachedChain, type RecoveryTarget, readTarget } from './recovery-plan.ts';
import type { RecoveredServer, RecoveryOptions, RecoveryPlace, RecoveryServer } from './recovery-server.ts';
import { unpackLinks } from './unpack.ts';
import type { WalArchive } from './wal-archive.ts';

export type RestorePhase = 'plan' | 'fetch' | 'replay' | 'check';

export interface PhysicalRestoreInput {
  repository: Repository;
  server: RecoveryServer;
  clock: Clock;
  /** ISO time, position or name of a restore point; undefined = the latest moment. */
  at?: string | undefined;
  /** Only from this base backup. */
  baseId?: string | undefined;
  /** `what` begins with `bytes` and says what is done with them. */
  progress?: (what: string, done: number, total: number) => void;
  /** Ends it at any time; nothing is left then. */
  signal?: AbortSignal | undefined;
}

/** A cluster that was recovered and serves, in a place of its own. */
export interface RecoveredCluster {
  base: KnownBase;
  /** The moment that was restored, ISO; for a position, the position. */
  moment: string;
  /** The same as a time, milliseconds since the epoch; null for a position. */
  momentAt: number | null;
  /** Milliseconds by phase. */
  phases: Record<RestorePhase, number>;
  place: RecoveryPlace;
  server: RecoveredServer;
  warnings: string[];
}

/**
 * Restores a base backup, replays the log up to a moment and promotes the server, in a place of its own.
 * @param near a path on the file system where the data directory is to be
 * @throws YumOpsError `target_unknown`, `target_out_of_range`, `restore_refused`, `backup_damaged`, …; nothing is left
 */
export async function recoverCluster(input: PhysicalRestoreInput, near: string): Promise<RecoveredCluster> {
  const { repository, server, clock, signal } = input;
  const report: PhysicalRestoreInput['progress'] = (...told) => {
    signal?.throwIfAborted();
    input.progress?.(...told);
  };
  const phases = { plan: 0, fetch: 0, replay: 0, check: 0 };
  const timed = async <T>(phase: RestorePhase, work: () => Promise<T>): Promise<T> => {
    const since = clock.monotonic();
    try {
      return await work();
    } finally {
      phases[phase] += clock.monotonic() - since;
    }
  };
  const plan = await timed('plan', () => makePlan(input));
  const warnings = [...plan.warnings, ...(await timed('plan', () => compareServers(plan.base, server)))];
  const place = await server.place(near);
  try {
    const { dataDir } = place;
    await timed('fetch', () => unpackLinks(repository, plan.links, dataDir, report));
    const stop = await timed('fetch', () => fetchWal(plan, dataDir, report));
    const started = await timed('replay', () => replay(plan, stop, { dataDir, signal }, server));
    const moment = plan.target.kind === 'time' ? isoMicroseconds(plan.target.at) : formatLsn(plan.target.lsn);
    const momentAt = plan.target.kind === 'time' ? plan.target.at : null;
    return { base: plan.base, moment, momentAt, phases, place, server: started, warnings };
  } catch (error) {
    await place.discard();
    throw error;
  }
}

/** What is to be restored from what. */
export interface RestorePlan {
  base: KnownBase;
  /** The base backup and what it builds on, the full one first. */
  links: KnownBase[];
  chain: ReachedChain;
  target: RecoveryTarget;
  archive: WalArchive;
  histories: ReadonlyMap<number, string>;
  warnings: string[];
}

async function makePlan({ repository, clock, at, baseId }: PhysicalRestoreInput): Promise<RestorePlan> {
  const state = await readPhysicalState(repository, clock.now());
  const chains = baseId === undefined ? state.chains : state.chains.filter(({ base }) => base.id === baseId);
  const latest = Math.max(0, ...chains.map((chain) => chain.latest));
  const target: RecoveryTarget =
    at === undefined ? { kind: 'time', at: latest, text: 'the latest moment' } : readTarget(at, state.points);
  const known = (wanted: string) => state.bases.find(({ id }) => id === wanted) as KnownBase;
  const isDoubted = (id: string) => linksOf(known(id), state.bases).some(({ doubted }) => doubted);
  const chain = chooseChain(chains, target, isDoubted);
  const base = known(chain.base.id);
  const newest = chooseChain(chains, target).base.id;
  const warnings = baseId === undefined && isDoubted(newest) ? [warningOf(newest, base.id)] : [];
  const histories = state.contents.get(base.systemId)?.histories ?? new Map<number, string>();
  const links = linksOf(base, state.bases);
  const archive = state.archives.get(base.systemId) as WalArchive;
  return { base, links, chain, target, archive, histories, warnings };
}

/** @param newest that a verification found not to be good @param taken what is restored from */
function warningOf(newest: string, taken: string): string {
  const found = `The last verification of ${newest}, or of what it builds on, found that it is not good`;
  return newest === taken
    ? `${found}; no other base backup reaches the moment.`
    : `${found}: ${taken} is taken instead.`;
}

/** What would make the restored server another one than that which was backed up. */
async function compareServers(base: KnownBase, server: RecoveryServer): Promise<string[]> {
  const { server: source } = base.facts;
  const major = Math.floor(source.versionNumber / 10_000);
  if (!(await server.has(major))) {
    throw new YumOpsError('restore_refused', `A base backup of PostgreSQL ${major} needs a server of that version.`, {
      hint: `Install the optional package for PostgreSQL ${major}, or restore on a machine that has it.`,
      status: 409,
    });
  }
  const ours = process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : process.arch;
  const theirs = source.platform.split('-')[0] ?? '';
  if (theirs.replace('arm64', 'aarch64') !== ours) {
    throw new YumOpsError('restore_refused', `The backup was made on ${theirs}; this machine is ${ours}.`, {
      hint: 'Restore it on a machine of the same architecture, or use a logical backup.',
      status: 409,
    });
  }
  return [...collationWarnings(base), ...(await extensionWarnings(base, server, major))];
}

/** Collations of the C library change their order with its version; indexes over text then miss rows. */
function collationWarnings(base: KnownBase): string[] {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const here = report?.header?.glibcVersionRuntime;
  return base.facts.server.databases
    .filter(({ provider, collationVersion }) => provider === 'c' && collationVersion !== null)
    .filter(({ collationVersion }) => collationVersion !== here)
    .map(
      ({ name, collation, collationVersion }) =>
        `Database "${name}" sorts by ${collation} of C library ${collationVersion}, this machine has ${here ?? 'another'}: reindex text columns before use (REINDEX DATABASE, ALTER DATABASE … REFRESH COLLATION VERSION).`,
    );
}

async function extensionWarnings(base: KnownBase, server: RecoveryServer, major: number): Promise<string[]> {
  const available = await server.extensions(major);
  const missing = base.facts.server.extensions.filter(({ name }) => !available.has(name)).map(({ name }) => name);
  if (missing.length === 0) return [];
  return [`Extensions that the server of this machine does not have: ${missing.join(', ')}.`];
}

async function replay(
  plan: RestorePlan,
  stop: ReplayEnd,
  { dataDir, signal }: Pick<RecoveryOptions, 'dataDir' | 'signal'>,
  server: RecoveryServer,
): Promise<RecoveredServer> {
  const { chain, target, base } = plan;
  await writeFileAtomic(join(dataDir, 'recovery.signal'), '');
  const { versionNumber, settings } = base.facts.server;
  const common = {
    ...settings,
    // The log is in place already; replay must be given a command, and falls back to the folder when it finds nothing.
    restore_command: 'false',
    recovery_target_timeline: chain.timeline,
    recovery_target_action: 'promote',
  };
  const aim: Record<string, string> =
    target.kind === 'time'
      ? { recovery_target_time: isoMicroseconds(target.at).replace('T', ' ').replace('Z', '+00') }
      : { recovery_target_lsn: formatLsn(target.lsn), recovery_target_inclusive: 'off' };
  const options = { major: Math.floor(versionNumber / 10_000), dataDir, signal };
  if (stop.atEnd) return server.start({ ...options, settings: common });
  try {
    return await server.start({ ...options, settings: { ...common, ...aim } });
  } catch (error) {
    // Nothing stands behind the target: then all of the log is what it asks for.
    if (!messageOf(error).includes('before configured recovery target was reached')) throw error;
    return server.start({ ...options, settings: common });
  }
}

/**
 * Restores into a folder: a data directory that was recovered, promoted and stopped.
 * @param folder must be empty or not exist
 * @throws YumOpsError `target_not_empty`, and those of `recoverCluster`
 */
export async function restoreToFolder(input: PhysicalRestoreInput, folder: string): Promise<RecoveredCluster> {
  const taken = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (taken.length > 0) {
    throw new YumOpsError('target_not_empty', `${folder} is not empty; a data directory needs a folder of its own.`, {
      hint: 'Name a folder that does not exist yet.',
      status: 409,
    });
  }
  const cluster = await recoverCluster(input, folder);
  try {
    await cluster.server.stop();
    await cluster.place.moveTo(folder);
    return cluster;
  } catch (error) {
    await cluster.place.discard();
    throw error;
  }
}
