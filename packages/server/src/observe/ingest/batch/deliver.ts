import { backoff } from '../../../lib/backoff.ts';
import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { random } from '../../../lib/random.ts';
import type { TelemetryStore } from '../../../lib/telemetry.ts';
import type { Journal } from '../spool/journal.ts';
import type { OpenRange } from '../spool/journal-state.ts';
import { type BatchRows, batchToken, type Piece, sliceRows } from './batch.ts';
import { refusedRows } from './dead-letters.ts';
import { isRefusal } from './refusal.ts';

export interface DeliveryDeps {
  store: Pick<TelemetryStore, 'insert'>;
  journal: Journal;
  clock: Clock;
  log: Log;
  /** Ends the retries; what has not been answered stays journalled. */
  stop: AbortSignal;
  /** Told after every insert that the store answered. */
  onInserted(table: string, rowCount: number): void;
  onRetry(): void;
  /** Told when the store refused dead letters too: the rows are lost. */
  onLost(rowCount: number): void;
}

const RETRY = { base: 250, cap: 10_000 };

/**
 * Sends all batches of one range until the store has answered each. Rows that the store refuses for good are found by
 * halving the batch, every half under a journalled token of its own, and end in `dead_letters`.
 * @throws the reason of `stop` when it aborts first
 */
export async function deliverRange(rangeId: number, batches: readonly BatchRows[], deps: DeliveryDeps): Promise<void> {
  const sent = new Set<string>();
  for (let piece = nextPiece(rangeId, sent, deps); piece; piece = nextPiece(rangeId, sent, deps)) {
    await deliverPiece(openRange(rangeId, deps), piece, batches, deps);
    sent.add(pieceKey(piece));
  }
  const { range, refusals } = openRange(rangeId, deps);
  for (const rows of refusedRows(batches, refusals)) {
    const token = batchToken(deps.journal.state.spoolId, { ...range, batches: [rows] }, wholeOf(rows));
    const refused = await insert('dead_letters', rows.rows, rows.rowCount, token, deps);
    if (refused === undefined) continue;
    deps.log.error('The telemetry store refused dead letters: the rows are lost.', {
      rows: rows.rowCount,
      reason: refused,
    });
    deps.onLost(rows.rowCount);
  }
}

async function deliverPiece(
  open: OpenRange,
  piece: Piece,
  batches: readonly BatchRows[],
  deps: DeliveryDeps,
): Promise<void> {
  const batch = batches[piece.batch] as BatchRows;
  const rowCount = piece.to - piece.from;
  const rows = rowCount === batch.rowCount ? batch.rows : sliceRows(batch.rows, piece.from, piece.to);
  const token = batchToken(deps.journal.state.spoolId, open.range, piece);
  const refused = await insert(batch.table, rows, rowCount, token, deps);
  if (refused === undefined) return;
  if (rowCount === 1) {
    deps.log.warn('The telemetry store refused a row.', { table: batch.table, reason: refused });
    const refusal = { batch: piece.batch, row: piece.from, at: deps.clock.now(), reason: refused };
    await deps.journal.write({ kind: 'refused', range: open.range.id, refusal });
    return;
  }
  const at = piece.from + Math.floor(rowCount / 2);
  await deps.journal.write({ kind: 'split', range: open.range.id, piece, at });
}

/** @returns undefined when the rows are stored, the store's reason when it refuses them for good */
async function insert(
  table: string,
  rows: Uint8Array,
  rowCount: number,
  token: string,
  deps: DeliveryDeps,
): Promise<string | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    deps.stop.throwIfAborted();
    try {
      await deps.store.insert(table, rows, { token, rowCount });
      deps.onInserted(table, rowCount);
      return undefined;
    } catch (error) {
      if (isRefusal(error)) return messageOf(error).slice(0, 500);
      deps.onRetry();
      if (attempt % 20 === 0) {
        deps.log.warn('The telemetry store did not take a batch; it stays in the spool.', {
          table,
          reason: messageOf(error).slice(0, 300),
        });
      }
      await deps.clock.sleep(backoff(attempt, RETRY, random()), deps.stop);
    }
  }
}

function nextPiece(rangeId: number, sent: ReadonlySet<string>, deps: DeliveryDeps): Piece | undefined {
  return openRange(rangeId, deps).pieces.find((piece) => !sent.has(pieceKey(piece)));
}

function openRange(rangeId: number, deps: DeliveryDeps): OpenRange {
  const open = deps.journal.state.open.find(({ range }) => range.id === rangeId);
  if (!open) throw new Error(`Range ${rangeId} is not in the journal.`);
  return open;
}

function pieceKey({ batch, from, to }: Piece): string {
  return `${batch}:${from}-${to}`;
}

function wholeOf(batch: BatchRows): Piece {
  return { batch: 0, from: 0, to: batch.rowCount };
}
