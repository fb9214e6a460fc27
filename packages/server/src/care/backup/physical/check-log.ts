import { codeOf } from '../../../lib/errors.ts';
import type { VerificationFinding } from '../catalogue.ts';
import { type BackupManifest, manifestPath, readManifest } from '../manifest.ts';
import type { Repository } from '../repository.ts';
import { findingOf } from '../verify/findings.ts';
import { checkStored } from '../verify/stored.ts';
import { type KnownBase, readBase, readPhysicalState } from './archive-state.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import type { Chain } from './recovery-plan.ts';
import { checkLinks, type MakeFolder } from './unpack.ts';
import type { WalArchive, WalPiece } from './wal-archive.ts';

export interface LogCheck {
  repository: Repository;
  manifest: BackupManifest;
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now: number;
  progress: (done: number, total: number | null, what: string) => void;
}

/**
 * Whether the log that a base backup needs is there, and all of it up to the next base backup, or to the present,
 * opens. Log cannot be told from what it should be by a manifest, so it is opened at every level.
 */
export async function checkLog({
  repository,
  manifest,
  signal,
  now,
  progress,
}: LogCheck): Promise<VerificationFinding[]> {
  let state: Awaited<ReturnType<typeof readPhysicalState>>;
  try {
    state = await readPhysicalState(repository, now);
  } catch (error) {
    return [findingOf(`${repository.folder}/wal`, error)];
  }
  const chain = state.chains.find(({ base }) => base.id === manifest.id);
  const base = state.bases.find(({ id }) => id === manifest.id);
  if (!base || !chain) {
    const object = `${repository.folder}/wal`;
    return [{ code: 'wal_missing', object, message: `${object} has no log of the server of this backup.` }];
  }
  const archive = state.archives.get(base.systemId) as WalArchive;
  const findings = gapsOf(archive, base, chain, state.chains, state.contents.get(base.systemId)?.pieces ?? []);
  // Each piece that is stored counts to one base backup, also where others cover the same log.
  const next = nextBase(base, state.bases);
  const isFirst = !state.bases.some(({ systemId, start }) => systemId === base.systemId && start < base.start);
  const own = state.contents.get(base.systemId)?.pieces ?? [];
  const isOwn = ({ start, end }: WalPiece) =>
    (next === undefined || start < next.start) && (isFirst || end > base.start);
  const wanted = own.filter(isOwn);
  let done = 0;
  for (const piece of wanted) {
    signal.throwIfAborted();
    try {
      await archive.readPiece(piece);
    } catch (error) {
      findings.push(findingOf(piece.path, error));
    }
    progress(++done, wanted.length, 'pieces of log opened');
  }
  return findings;
}

/** Whether every file of a base backup, and of all that it builds on, fits the server's own list of them. */
export async function checkBaseFiles(
  repository: Repository,
  base: KnownBase,
  makeFolder: MakeFolder,
  progress: LogCheck['progress'],
): Promise<VerificationFinding[]> {
  const report = (_phase: string, done: number, total: number) => progress(done, total, 'bytes unpacked');
  const links = [base];
  try {
    for (let id = base.manifest.parent; id !== null; id = (links[0] as KnownBase).manifest.parent) {
      links.unshift(await readBase(repository, id));
    }
    await checkLinks(repository, links, makeFolder, report);
    return [];
  } catch (error) {
    return [findingOf(base.id, error)];
  }
}

/** Whether all that an increment builds on is there as it was stored. */
export async function checkParents({
  repository,
  manifest,
  progress,
  signal,
}: Omit<LogCheck, 'now'>): Promise<VerificationFinding[]> {
  const findings: VerificationFinding[] = [];
  for (let id = manifest.parent; id !== null && findings.length === 0; ) {
    try {
      const parent = await readManifest(repository, id);
      findings.push(...(await checkStored({ repository, manifest: parent, progress, signal })));
      id = parent.parent;
    } catch (error) {
      if (codeOf(error) !== 'backup_unknown') return [findingOf(id as string, error)];
      const message = `${manifest.id} builds on ${id}, which is not there.`;
      return [{ code: 'parent_missing', object: manifestPath(repository, id as string), message }];
    }
  }
  return findings;
}

function gapsOf(
  archive: WalArchive,
  base: KnownBase,
  chain: Chain,
  chains: readonly Chain[],
  pieces: readonly WalPiece[],
): VerificationFinding[] {
  const object = archive.piecePath(chain.timeline, chain.end, chain.end);
  const range = (to: Lsn) => `The log from ${formatLsn(chain.end)} to ${formatLsn(to)} is missing`;
  if (chain.end < base.stop) {
    return [{ code: 'wal_missing', object, message: `${range(base.stop)}: ${base.id} cannot be restored.` }];
  }
  const beyond = pieces.filter(({ timeline, end }) => timeline === chain.timeline && end > chain.end);
  // Where a later base backup stands behind the gap, the gap is part of what happened, not of this backup.
  const isBridged = chains.some((other) => other.base.start >= chain.end && other.end >= other.base.stop);
  if (beyond.length === 0 || isBridged) return [];
  const to = beyond.reduce((least, { start }) => (start < least ? start : least), (beyond[0] as WalPiece).start);
  return [{ code: 'wal_gap', object, message: `${range(to)}: nothing after it can be restored.` }];
}

function nextBase(base: KnownBase, bases: readonly KnownBase[]): KnownBase | undefined {
  return bases
    .filter(({ systemId, start }) => systemId === base.systemId && start > base.start)
    .sort((a, b) => (a.start < b.start ? -1 : 1))[0];
}
