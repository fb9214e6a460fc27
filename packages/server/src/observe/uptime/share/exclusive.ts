import type { Db } from '../../../lib/db.ts';

/** Any number: whoever judges what several places see holds this lock. */
const LOCK = 7_302_115;

/**
 * Makes a function that runs work while no other instance on the same state store runs such work; here one after the
 * other, so that waiting takes one connection and no more.
 */
export function exclusively(db: Db): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last
      .catch(() => undefined)
      .then(() =>
        db.transaction(async (tx) => {
          await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
          return work();
        }),
      );
    last = next;
    return next;
  };
}
