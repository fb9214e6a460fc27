import { YumOpsError } from '../../../lib/errors.ts';
import { alignDown, formatLsn, isLsn, type Lsn, parseLsn } from './lsn.ts';
import { wayTo } from './timeline.ts';
import type { RestorePoint, WalPiece } from './wal-archive.ts';

/** A base backup as planning sees it. */
export interface Base {
  id: string;
  systemId: string;
  timeline: number;
  start: Lsn;
  stop: Lsn;
  segmentSize: number;
  /** The first moment that it can restore, milliseconds since the epoch. */
  stoppedAt: number;
}

/** The log that follows a base backup without a gap. */
export interface Chain {
  base: Base;
  /** In order of replay; together they leave nothing out. */
  pieces: WalPiece[];
  /** The timeline at its end. */
  timeline: number;
  end: Lsn;
}

export interface ArchiveContent {
  pieces: readonly WalPiece[];
  /** Contents of history files by timeline. */
  histories: ReadonlyMap<number, string>;
}

/** The log after a base backup, as far as it reaches on the newest timeline that descends from it. */
export function chainFrom(base: Base, { pieces, histories }: ArchiveContent): Chain {
  const timelines = [...new Set([...histories.keys(), ...pieces.map(({ timeline }) => timeline)])];
  for (const leaf of timelines.sort((a, b) => b - a)) {
    const way = wayTo(leaf, histories);
    const own = way.findIndex(({ timeline, end }) => timeline === base.timeline && (end === null || end >= base.stop));
    if (own < 0) continue;
    const chain = follow(base, way.slice(own), pieces);
    if (chain.end >= base.stop) return chain;
  }
  return follow(base, [{ timeline: base.timeline, end: null }], pieces);
}

function follow(base: Base, way: ReturnType<typeof wayTo>, pieces: readonly WalPiece[]): Chain {
  const chain: Chain = { base, pieces: [], timeline: base.timeline, end: alignDown(base.start, base.segmentSize) };
  for (const { timeline, end } of way) {
    // The segment of the switch stands on the new timeline too, from its beginning.
    const from = timeline === base.timeline ? chain.end : alignDown(chain.end, base.segmentSize);
    const reached = cover(pieces, timeline, from, end, chain.pieces);
    if (timeline !== base.timeline && reached <= from) break;
    chain.timeline = timeline;
    chain.end = end !== null && reached > end ? end : reached;
    if (end !== null && reached < end) break;
  }
  return chain;
}

/** Adds the fewest pieces of `timeline` that cover the log from `from`. @returns how far they do */
function cover(all: readonly WalPiece[], timeline: number, from: Lsn, to: Lsn | null, into: WalPiece[]): Lsn {
  const candidates = all
    .filter((piece) => piece.timeline === timeline && piece.end > from)
    .sort((a, b) => compare(a.start, b.start));
  let reached = from;
  let next = 0;
  while (to === null || reached < to) {
    let best: WalPiece | undefined;
    for (let piece = candidates[next]; piece && piece.start <= reached; piece = candidates[++next]) {
      if (!best || piece.end > best.end) best = piece;
    }
    // What was looked at and is shorter than the best reaches no further later on either.
    if (!best || best.end <= reached) break;
    into.push(best);
    reached = best.end;
  }
  return reached;
}

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

/** The moment to recover to: a time in milliseconds since the epoch, or a position. */
export type RecoveryTarget = { kind: 'time'; at: number; text: string } | { kind: 'lsn'; lsn: Lsn; text: string };

/**
 * Reads the moment of `--at`: a position, an ISO time, or the name of a restore point.
 * @throws YumOpsError `target_unknown`
 */
export function readTarget(text: string, points: readonly RestorePoint[]): RecoveryTarget {
  if (isLsn(text)) return { kind: 'lsn', lsn: parseLsn(text), text };
  const named = points.filter(({ name }) => name === text).sort((a, b) => a.at - b.at);
  const point = named.at(-1);
  if (point) return { kind: 'lsn', lsn: BigInt(point.lsn), text: `the restore point "${text}"` };
  const at = readTime(text);
  if (at !== undefined) return { kind: 'time', at, text };
  const names = points.map(({ name }) => name);
  throw new YumOpsError('target_unknown', `"${text}" is no time, position or restore point in the archived log.`, {
    hint: `Write a date with a time, such as 2026-01-05T10:00:00Z, or a position such as 0/16B3748.${
      names.length > 0 ? ` The restore points are ${names.slice(-10).join(', ')}.` : ''
    }`,
    status: 400,
  });
}

/** ISO 8601 with a date and a time; without a zone UTC. Microseconds are kept. */
function readTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i.exec(text.trim());
  if (!match) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
  const whole = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(whole) ? undefined : whole + Number(`0${fraction}`) * 1000;
}

/** A chain with the last moment that it can restore. */
export interface ReachedChain extends Chain {
  /** Milliseconds since the epoch. */
  latest: number;
}

/**
 * The base backup to start from: the newest before the target whose log reaches it.
 * @param isDoubted whether a verification found a base backup, or what it builds on, not to be good; it is taken where there is no other
 * @throws YumOpsError `target_out_of_range` naming the earliest and latest moment, `nothing_to_restore`
 */
export function chooseChain(
  chains: readonly ReachedChain[],
  target: RecoveryTarget,
  isDoubted: (id: string) => boolean = () => false,
): ReachedChain {
  const usable = chains.filter(({ base, end }) => end >= base.stop);
  if (usable.length === 0) {
    throw new YumOpsError('nothing_to_restore', 'There is no base backup with the log that it needs.', {
      hint: 'Make one with `yumops backup now NAME`.',
      status: 409,
    });
  }
  const fits = usable.filter(({ base, end, latest }) =>
    target.kind === 'time'
      ? target.at >= base.stoppedAt && target.at <= latest
      : target.lsn >= base.stop && target.lsn <= end,
  );
  fits.sort((a, b) => b.base.stoppedAt - a.base.stoppedAt || (a.base.id < b.base.id ? 1 : -1));
  const best = fits.find(({ base }) => !isDoubted(base.id)) ?? fits[0];
  if (best) return best;
  const range = recoverableRange(usable);
  const first = usable.reduce((a, b) => (a.base.stoppedAt <= b.base.stoppedAt ? a : b));
  const last = usable.reduce((a, b) => (a.latest >= b.latest ? a : b));
  const between =
    target.kind === 'time'
      ? `${range?.earliest} to ${range?.latest}`
      : `${formatLsn(first.base.stop)} (${range?.earliest}) to ${formatLsn(last.end)} (${range?.latest})`;
  throw new YumOpsError('target_out_of_range', `${target.text} cannot be restored: the range is ${between}.`, {
    hint: 'Choose a moment within the range; gaps in the log are shown by `yumops backup verify`.',
    status: 409,
  });
}

/** The earliest and the latest moment, ISO; null when nothing can be restored. */
export function recoverableRange(chains: readonly ReachedChain[]): { earliest: string; latest: string } | null {
  const usable = chains.filter(({ base, end }) => end >= base.stop);
  if (usable.length === 0) return null;
  const latest = Math.max(...usable.map((chain) => chain.latest));
  const newest = usable.filter((chain) => chain.latest === latest);
  const earliest = Math.min(...newest.map(({ base }) => base.stoppedAt));
  return { earliest: isoMicroseconds(earliest, Math.ceil), latest: isoMicroseconds(Math.max(earliest, latest)) };
}

/** ISO with microseconds, as PostgreSQL keeps them, rounded down unless told otherwise. @param at milliseconds */
export function isoMicroseconds(at: number, round: (value: number) => number = Math.floor): string {
  // A double keeps a time of this century to a quarter of a microsecond.
  const microseconds = round(Number((at * 1000).toFixed(1)));
  const whole = Math.floor(microseconds / 1000);
  const rest = String(microseconds - whole * 1000).padStart(3, '0');
  return new Date(whole).toISOString().replace('Z', `${rest}Z`);
}
