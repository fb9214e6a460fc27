/** How long a batch should take at most, in milliseconds: it holds its rows, and uses a processor, as long. */
const GOAL_MS = 25;
/** Rows of the first batch, before it is known how long they take. */
const FIRST_BATCH = 200;
const LEAST_BATCH = 10;
/** What was worked is rested so many times, up to a limit in milliseconds. */
const REST_OF_BATCH = 2;
const REST_OF_ACTION = 0.5;
const LONGEST_REST_MS = 2_000;

/** Rows of the first batch, of `most` that are allowed. */
export function firstBatch(most: number): number {
  return Math.min(FIRST_BATCH, most);
}

/**
 * Rows of the next batch: fewer where the last one took long, as when the server has much to do, and more where it was quick.
 * @param took milliseconds of the last batch, of `rows` rows
 */
export function nextBatch(rows: number, took: number, most: number): number {
  if (took > 2 * GOAL_MS) return Math.min(most, Math.max(LEAST_BATCH, Math.floor(rows / 2)));
  return took < GOAL_MS ? Math.min(most, rows * 2) : rows;
}

/** Milliseconds of rest after a batch: the slower the server, the longer it is left alone. */
export function restAfterBatch(took: number, pause: number): number {
  return Math.max(pause, Math.min(LONGEST_REST_MS, REST_OF_BATCH * took));
}

/** Milliseconds of rest after an action: what waits behind it is done before the next begins. */
export function restAfterAction(took: number): number {
  return Math.min(LONGEST_REST_MS, REST_OF_ACTION * took);
}
