import { join } from 'node:path';

/** A place in the spool: number of the segment file and byte offset in it. */
export interface Position {
  segment: number;
  offset: number;
}

/** Negative when `a` lies before `b`, 0 when they are the same place. */
export function comparePositions(a: Position, b: Position): number {
  return a.segment - b.segment || a.offset - b.offset;
}

const NAME = /^(\d{12})\.segment$/;

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(12, '0')}.segment`);
}

/** @returns the segment's number, or undefined when the file is not a segment */
export function segmentNumber(fileName: string): number | undefined {
  const match = NAME.exec(fileName);
  return match ? Number(match[1]) : undefined;
}
