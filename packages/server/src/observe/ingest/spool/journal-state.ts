import type { Piece, Range } from '../batch/batch.ts';
import type { Position } from './position.ts';

/** A row that the store refused for good, and why. */
export interface Refusal {
  batch: number;
  row: number;
  /** Milliseconds since the epoch. */
  at: number;
  reason: string;
}

/** A range whose batches have not all been answered. */
export interface OpenRange {
  range: Range;
  /** What is left to send; a piece that was refused is replaced by its halves. */
  pieces: Piece[];
  /** Single rows that were refused; they go to `dead_letters`. */
  refusals: Refusal[];
}

export interface JournalState {
  spoolId: string;
  /** All before this place is in the store. */
  position: Position;
  /** In the order in which they were cut. */
  open: OpenRange[];
  nextRange: number;
}

export type JournalRecord =
  | { kind: 'cut'; range: Range }
  | { kind: 'split'; range: number; piece: Piece; at: number }
  | { kind: 'refused'; range: number; refusal: Refusal }
  | { kind: 'done'; range: number };

export function emptyJournal(spoolId: string, position: Position): JournalState {
  return { spoolId, position, open: [], nextRange: 1 };
}

/** The state after one more record. Records of ranges that are not open change nothing. */
export function applyRecord(state: JournalState, record: JournalRecord): JournalState {
  switch (record.kind) {
    case 'cut':
      return {
        ...state,
        nextRange: record.range.id + 1,
        open: [...state.open, { range: record.range, pieces: wholeBatches(record.range), refusals: [] }],
      };
    case 'split':
      return withRange(state, record.range, (open) => ({
        ...open,
        pieces: open.pieces.flatMap((piece) =>
          samePiece(piece, record.piece)
            ? [
                { ...piece, to: record.at },
                { ...piece, from: record.at },
              ]
            : [piece],
        ),
      }));
    case 'refused':
      return withRange(state, record.range, (open) => ({
        ...open,
        pieces: open.pieces.filter((piece) => !isRow(piece, record.refusal)),
        refusals: [...open.refusals, record.refusal],
      }));
    case 'done':
      return {
        ...state,
        open: state.open.filter(({ range }) => range.id !== record.range),
        position: state.open.reduce(
          (position, { range }) =>
            range.id === record.range ? { segment: range.segment, offset: range.end } : position,
          state.position,
        ),
      };
  }
}

/** Where the next range begins: behind the last one that was cut. */
export function cutPosition(state: JournalState): Position {
  const last = state.open.at(-1);
  return last ? { segment: last.range.segment, offset: last.range.end } : state.position;
}

function wholeBatches(range: Range): Piece[] {
  return range.batches.map(({ rowCount }, batch) => ({ batch, from: 0, to: rowCount }));
}

function withRange(state: JournalState, id: number, change: (open: OpenRange) => OpenRange): JournalState {
  return { ...state, open: state.open.map((open) => (open.range.id === id ? change(open) : open)) };
}

function samePiece(a: Piece, b: Piece): boolean {
  return a.batch === b.batch && a.from === b.from && a.to === b.to;
}

function isRow(piece: Piece, refusal: Refusal): boolean {
  return piece.batch === refusal.batch && piece.from === refusal.row && piece.to === refusal.row + 1;
}
