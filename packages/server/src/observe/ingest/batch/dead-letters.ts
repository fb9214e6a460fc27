import type { Refusal } from '../spool/journal-state.ts';
import { type BatchRows, sliceRows } from './batch.ts';

/** Longest text of a refused record that is kept, characters. */
export const DEAD_LETTER_TEXT = 4_096;

export interface DeadLetter {
  /** Milliseconds since the epoch. */
  timestamp: number;
  project: string;
  /** Where the record came from: `ndjson`, `json`, `store`. */
  source: string;
  /** Line in the body, from 1; null when the store refused it. */
  line: number | null;
  code: string;
  message: string;
  /** The record, scrubbed and cut. */
  record: string;
}

export const DEAD_LETTER_CLASS = 'logs';

/** Rows of `dead_letters` for what the store refused, one batch a day. The same refusals always give the same bytes. */
export function refusedRows(batches: readonly BatchRows[], refusals: readonly Refusal[]): BatchRows[] {
  const days = new Map<string, string[]>();
  const inOrder = [...refusals].sort((a, b) => a.batch - b.batch || a.row - b.row);
  for (const refusal of inOrder) {
    const day = new Date(refusal.at).toISOString().slice(0, 10);
    const lines = days.get(day) ?? [];
    lines.push(deadLetterLine(batches[refusal.batch] as BatchRows, refusal));
    days.set(day, lines);
  }
  return [...days].map(([day, lines]) => ({
    table: 'dead_letters',
    day,
    retentionClass: DEAD_LETTER_CLASS,
    rowCount: lines.length,
    rows: Buffer.from(lines.join('')),
  }));
}

function deadLetterLine(batch: BatchRows, refusal: Refusal): string {
  const text = Buffer.from(sliceRows(batch.rows, refusal.row, refusal.row + 1))
    .toString('utf8')
    .trimEnd();
  const letter: DeadLetter & { retentionClass: string } = {
    timestamp: refusal.at,
    project: projectOf(text),
    source: 'store',
    line: null,
    code: `refused_by_${batch.table}`,
    message: refusal.reason,
    record: text.slice(0, DEAD_LETTER_TEXT),
    retentionClass: DEAD_LETTER_CLASS,
  };
  return `${JSON.stringify(letter)}\n`;
}

function projectOf(text: string): string {
  return /"project":"([^"\\]*)"/.exec(text)?.[1] ?? '';
}
