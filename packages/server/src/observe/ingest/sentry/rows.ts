import { addRow as addRowTo } from '../record/add-row.ts';
import { textOf } from '../record/json-value.ts';
import type { Category, ItemContext } from './context.ts';

/** Columns that every relation has. */
export interface Origin {
  project: string;
  service: string;
  environment: string;
  release: string;
}

/** Where a row comes from. @param given the item's own words; the trace header fills in what they leave out */
export function originOf(
  context: ItemContext,
  given: { service?: unknown; environment?: unknown; release?: unknown } = {},
): Origin {
  return {
    project: context.project,
    service: textOf(given.service, 200) ?? '',
    environment: textOf(given.environment, 200) ?? textOf(context.trace['environment'], 200) ?? '',
    release: textOf(given.release, 250) ?? textOf(context.trace['release'], 250) ?? '',
  };
}

/** Adds one row. @param at event time that decides the partition, milliseconds since the epoch */
export function addRow(
  context: ItemContext,
  table: string,
  retentionClass: string,
  at: number,
  row: Record<string, unknown>,
): void {
  addRowTo(context.out.parts, table, retentionClass, at, row);
}

/** Notes that something was not taken, in `client_reports`. */
export function addLoss(
  context: ItemContext,
  loss: { reason: string; category: Category; quantity: number },
  id: string,
): void {
  addRow(context, 'client_report_rows', 'errors', context.now, {
    timestamp: context.now,
    id,
    ...originOf(context),
    source: 'server',
    ...loss,
  });
}
