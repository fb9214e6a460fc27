import { type Lsn, parseLsn } from './lsn.ts';

/** One ancestor of a timeline: it was followed up to `end`. */
export interface Ancestor {
  timeline: number;
  end: Lsn;
}

/** Reads a history file: a line for each ancestor, oldest first, with the position at which it was left. */
export function readHistory(text: string): Ancestor[] {
  return text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ timeline: Number(match[1]), end: parseLsn(match[2] as string) }));
}

/** A stretch of one timeline on the way to another; `end` is null for the last. */
export interface Stretch {
  timeline: number;
  end: Lsn | null;
}

/** The way from the beginning to `timeline`. @param histories contents of the history files by timeline */
export function wayTo(timeline: number, histories: ReadonlyMap<number, string>): Stretch[] {
  return [...readHistory(histories.get(timeline) ?? ''), { timeline, end: null }];
}
