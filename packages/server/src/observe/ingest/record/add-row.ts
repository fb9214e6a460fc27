import type { PartSet } from './part-set.ts';
import { wellFormedJson } from './well-formed.ts';

/** Adds one row. @param at event time that decides the partition, milliseconds since the epoch */
export function addRow(
  parts: PartSet,
  table: string,
  retentionClass: string,
  at: number,
  row: Readonly<Record<string, unknown>>,
): void {
  parts.beginRow(table, at, retentionClass).text(`${wellFormedJson({ ...row, retentionClass })}\n`);
}
