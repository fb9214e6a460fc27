import type { BlobInfo } from '../../../lib/blob.ts';
import { compress, decompress } from '../object/blocks.ts';
import { damaged } from '../object/format.ts';
import type { Repository } from '../repository.ts';
import { alignDown, historyName, type Lsn } from './lsn.ts';

/** What a piece of archived log says of itself; times are milliseconds since the epoch by the server's clock. */
export interface PieceHeader {
  systemId: string;
  timeline: number;
  /** Decimal. */
  start: string;
  end: string;
  segmentSize: number;
  /** Latest end of a transaction in the piece, null when none ended in it. */
  lastEndAt: number | null;
  /** The position behind the last whole record up to the end of the piece; 0 when none is known. */
  recordEnd: string;
  /** Everything that was committed until then lies before the end of the piece, null when not known. */
  coveredUntil: number | null;
}

/** A piece of archived log as the listing of the store tells it. */
export interface WalPiece {
  path: string;
  timeline: number;
  start: Lsn;
  end: Lsn;
  bytes: number;
  modified: number;
}

/** A restore point that was seen in the log. */
export interface RestorePoint {
  name: string;
  at: number;
  timeline: number;
  /** Decimal. */
  lsn: string;
}

/** How far an idle server was known to have committed nothing more. */
export interface ArchivePosition {
  systemId: string;
  timeline: number;
  /** Decimal. */
  lsn: string;
  coveredUntil: number;
}

/** Whether an object is a piece of log. */
export const isPiece = (path: string) => PIECE.test(path);

const PIECE = /\/([0-9A-F]{8})\/([0-9A-F]{16})-([0-9A-F]{16})$/;
const hex16 = (lsn: Lsn) => lsn.toString(16).toUpperCase().padStart(16, '0');
const hex8 = (n: number) => n.toString(16).toUpperCase().padStart(8, '0');

/**
 * The write-ahead log of one server in the repository of a backup:
 *
 *     wal/<system identifier>/<timeline>/<start>-<end>   a piece, sealed: header as a line of JSON, then blocks
 *     wal/<system identifier>/<timeline>.history         the server's file, sealed
 *     wal/<system identifier>/points/<position>          a restore point, authenticated
 *     wal/<system identifier>/position                   authenticated
 *
 * Pieces may overlap: a window of the log is first stored as it grows, and once more when it is complete.
 */
export class WalArchive {
  readonly repository: Repository;
  readonly systemId: string;
  readonly #root: string;

  constructor(repository: Repository, systemId: string) {
    this.repository = repository;
    this.systemId = systemId;
    this.#root = `${repository.folder}/wal/${systemId}`;
  }

  piecePath(timeline: number, start: Lsn, end: Lsn): string {
    return `${this.#root}/${hex8(timeline)}/${hex16(start)}-${hex16(end)}`;
  }

  async writePiece(header: PieceHeader, wal: Buffer, lockUntil?: number): Promise<string> {
    const path = this.piecePath(header.timeline, BigInt(header.start), BigInt(header.end));
    async function* content() {
      yield Buffer.from(`${JSON.stringify(header)}\n`);
      yield* compress(one(wal));
    }
    await this.repository.writeObject(path, content(), lockUntil === undefined ? {} : { lockUntil });
    return path;
  }

  /** The header alone; the rest of the object is not fetched. */
  async readHeader(path: string): Promise<PieceHeader> {
    for await (const first of this.repository.readObject(path)) return splitHeader(path, first).header;
    throw damaged(path, 'it is empty');
  }

  /** A piece whole, held against its header. @param room where its bytes are put, if they fit; good until it is used again */
  async readPiece(piece: WalPiece, room?: Buffer): Promise<{ header: PieceHeader; wal: Buffer }> {
    const { path } = piece;
    const source = this.repository.readObject(path)[Symbol.asyncIterator]();
    const first = await source.next();
    if (first.done) throw damaged(path, 'it is empty');
    const { header, rest } = splitHeader(path, first.value);
    async function* body() {
      yield rest;
      for (;;) {
        const next = await source.next();
        if (next.done) return;
        yield next.value;
      }
    }
    const length = Number(piece.end - piece.start);
    const wal = room && room.length >= length ? room.subarray(0, length) : Buffer.allocUnsafeSlow(length);
    let have = 0;
    for await (const plain of decompress(body(), path)) {
      plain.copy(wal, Math.min(have, length));
      have += plain.length;
    }
    const same = BigInt(header.start) === piece.start && BigInt(header.end) === piece.end;
    if (!same || header.timeline !== piece.timeline || have !== length) {
      throw damaged(path, 'it does not hold the part of the log that its name says');
    }
    return { header, wal };
  }

  async writeHistory(timeline: number, content: Buffer): Promise<void> {
    await this.repository.writeObject(`${this.#root}/${historyName(timeline)}`, one(content));
  }

  async readHistory(timeline: number): Promise<string> {
    return this.repository.readText(`${this.#root}/${historyName(timeline)}`);
  }

  async writePoint(point: RestorePoint): Promise<void> {
    await this.repository.writeRecord(`${this.#root}/points/${hex16(BigInt(point.lsn))}`, point);
  }

  async points(): Promise<RestorePoint[]> {
    const points: RestorePoint[] = [];
    for await (const { path } of this.repository.store.list(`${this.#root}/points/`)) {
      points.push(await this.repository.readRecord<RestorePoint>(path));
    }
    return points;
  }

  async writePosition(position: ArchivePosition): Promise<void> {
    await this.repository.writeRecord(`${this.#root}/position`, position);
  }

  async readPosition(): Promise<ArchivePosition | undefined> {
    if (!(await this.repository.store.head(`${this.#root}/position`))) return undefined;
    return this.repository.readRecord<ArchivePosition>(`${this.#root}/position`);
  }

  /** Pieces that begin in the window of up to 16 MB at `start`. */
  async piecesIn(timeline: number, start: Lsn, window: number): Promise<WalPiece[]> {
    const pieces: WalPiece[] = [];
    // The last six digits count within 16 MB.
    for await (const info of this.repository.store.list(
      `${this.#root}/${hex8(timeline)}/${hex16(start).slice(0, 10)}`,
    )) {
      const piece = pieceOf(info);
      if (piece && alignDown(piece.start, window) === start) pieces.push(piece);
    }
    return pieces;
  }

  /** Everything that the store lists, pieces in order of timeline and position. */
  async list(): Promise<{ pieces: WalPiece[]; histories: number[] }> {
    const pieces: WalPiece[] = [];
    const histories: number[] = [];
    for await (const info of this.repository.store.list(`${this.#root}/`)) {
      const piece = pieceOf(info);
      if (piece) pieces.push(piece);
      const [, history] = /\/([0-9A-F]{8})\.history$/.exec(info.path) ?? [];
      if (history !== undefined) histories.push(Number.parseInt(history, 16));
    }
    return { pieces, histories };
  }
}

/** The servers whose log is in the repository. */
export async function archivedSystems(repository: Repository): Promise<string[]> {
  const systems = new Set<string>();
  const prefix = `${repository.folder}/wal/`;
  for await (const { path } of repository.store.list(prefix)) {
    const [system] = path.slice(prefix.length).split('/');
    if (system) systems.add(system);
  }
  return [...systems];
}

function pieceOf({ path, bytes, modified }: BlobInfo): WalPiece | undefined {
  const [, timeline, start, end] = PIECE.exec(path) ?? [];
  if (timeline === undefined) return undefined;
  return {
    path,
    bytes,
    modified,
    timeline: Number.parseInt(timeline, 16),
    start: BigInt(`0x${start}`),
    end: BigInt(`0x${end}`),
  };
}

function splitHeader(path: string, first: Buffer): { header: PieceHeader; rest: Buffer } {
  const end = first.indexOf(10);
  if (end < 0) throw damaged(path, 'it does not begin with a header');
  return { header: JSON.parse(first.toString('utf8', 0, end)) as PieceHeader, rest: first.subarray(end + 1) };
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
