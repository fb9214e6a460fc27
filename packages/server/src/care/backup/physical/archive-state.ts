import { codeOf } from '../../../lib/errors.ts';
import { readCatalogue } from '../catalogue.ts';
import { type BackupManifest, readManifest } from '../manifest.ts';
import type { Repository } from '../repository.ts';
import { type BaseFacts, FACTS } from './base-backup.ts';
import { parseLsn } from './lsn.ts';
import { complete } from './parents.ts';
import {
  type ArchiveContent,
  type Base,
  type Chain,
  chainFrom,
  type ReachedChain,
  recoverableRange,
} from './recovery-plan.ts';
import { archivedSystems, type PieceHeader, type RestorePoint, WalArchive, type WalPiece } from './wal-archive.ts';

/** A base backup with what its manifest and its facts tell. */
export interface KnownBase extends Base {
  manifest: BackupManifest;
  facts: BaseFacts;
  /** Whether its last verification found something. */
  doubted: boolean;
}

/** All that the store tells about moments that can be restored. */
export interface PhysicalState {
  /** Those whose parents are all there. */
  bases: KnownBase[];
  chains: ReachedChain[];
  points: RestorePoint[];
  archives: Map<string, WalArchive>;
  contents: Map<string, ArchiveContent>;
}

/** @param doubted whether its last verification found something */
export async function readBase(repository: Repository, id: string, doubted = false): Promise<KnownBase> {
  const manifest = await readManifest(repository, id);
  const object = manifest.objects.find(({ part }) => part === FACTS);
  if (!object || !manifest.wal) throw new Error(`${id} is no base backup`);
  const facts = JSON.parse(await repository.readText(object)) as BaseFacts;
  return {
    id,
    manifest,
    facts,
    doubted,
    systemId: facts.systemId,
    timeline: manifest.wal.timeline,
    start: parseLsn(manifest.wal.start),
    stop: parseLsn(manifest.wal.stop),
    segmentSize: facts.server.segmentSize,
    stoppedAt: facts.stoppedAt,
  };
}

/**
 * Reads the base backups and the archived log of a name from its store.
 * @param now milliseconds since the epoch
 */
export async function readPhysicalState(repository: Repository, now: number): Promise<PhysicalState> {
  const catalogue = await readCatalogue(repository, now);
  const good = catalogue.filter(({ tier, status }) => tier === 'physical' && status === 'good');
  const all: KnownBase[] = [];
  for (const { id, verified } of good) all.push(await readBase(repository, id, verified?.ok === false));
  const bases = complete(all);
  const state: PhysicalState = { bases, chains: [], points: [], archives: new Map(), contents: new Map() };
  for (const systemId of await archivedSystems(repository)) {
    const archive = new WalArchive(repository, systemId);
    const { pieces, histories: timelines } = await archive.list();
    const histories = new Map<number, string>();
    for (const timeline of timelines) histories.set(timeline, await archive.readHistory(timeline));
    state.archives.set(systemId, archive);
    state.contents.set(systemId, { pieces, histories });
    state.points.push(...(await archive.points()));
    const own = bases.filter((base) => base.systemId === systemId);
    state.chains.push(...(await reach(archive, own, { pieces, histories })));
  }
  return state;
}

/** The moments of a name that can be restored; null when there is none. */
export async function recoverable(
  repository: Repository,
  now: number,
): Promise<{ earliest: string; latest: string } | null> {
  return recoverableRange((await readPhysicalState(repository, now)).chains);
}

async function reach(archive: WalArchive, bases: readonly Base[], content: ArchiveContent): Promise<ReachedChain[]> {
  const position = await archive.readPosition();
  /** Chains that end alike reach alike. */
  const known = new Map<string, number | null>();
  const chains: ReachedChain[] = [];
  for (const base of bases) {
    const chain = await withoutDamagedEnd(archive, chainFrom(base, content));
    const key = `${chain.timeline}/${chain.end}`;
    if (!known.has(key)) {
      let latest = await lastMoment(archive, chain.pieces);
      const silent = position?.timeline === chain.timeline && BigInt(position.lsn) <= chain.end;
      if (position && silent && position.coveredUntil > (latest ?? 0)) latest = position.coveredUntil;
      known.set(key, latest);
    }
    const latest = Math.max(base.stoppedAt, known.get(key) ?? 0);
    chains.push({ ...chain, latest });
  }
  return chains;
}

/** What cannot be opened at the end of the log reaches nowhere; within it, the restore names it. */
async function withoutDamagedEnd(archive: WalArchive, chain: Chain): Promise<Chain> {
  const last = chain.pieces.at(-1);
  if (!last || last.start < chain.base.stop || (await headerOf(archive, last))) return chain;
  return withoutDamagedEnd(archive, { ...chain, pieces: chain.pieces.slice(0, -1), end: last.start });
}

async function headerOf(archive: WalArchive, { path }: WalPiece): Promise<PieceHeader | undefined> {
  try {
    return await archive.readHeader(path);
  } catch (error) {
    if (codeOf(error) !== 'backup_damaged' && codeOf(error) !== 'blob_missing') throw error;
    return undefined;
  }
}

/** Looks into the last pieces, until one knows a time. */
async function lastMoment(archive: WalArchive, pieces: readonly WalPiece[]): Promise<number | null> {
  for (const piece of pieces.slice(-20).reverse()) {
    const { lastEndAt = null, coveredUntil = null } = (await headerOf(archive, piece)) ?? {};
    const moment = Math.max(lastEndAt ?? 0, coveredUntil ?? 0);
    if (moment > 0) return moment;
  }
  return null;
}
