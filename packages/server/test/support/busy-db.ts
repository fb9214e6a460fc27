import type { Db } from '../../src/lib/db.ts';

/** A store that tells when nobody waits for it: a fake clock must not run ahead of real statements. */
export interface BusyDb extends Db {
  /** Resolves when no statement is under way, and none followed the last one at once. */
  idle(): Promise<void>;
}

/** Watches the statements that go to `db` through the result. */
export function busyDb(db: Db): BusyDb {
  const underWay = new Set<Promise<unknown>>();
  const watched = async <T>(statement: Promise<T>): Promise<T> => {
    underWay.add(statement);
    try {
      return await statement;
    } finally {
      underWay.delete(statement);
    }
  };
  return {
    query: (sql, values) => watched(db.query(sql, values)),
    transaction: (work) => watched(db.transaction(work)),
    async idle() {
      // Whoever has its answer asks again within the callbacks of its promises, if at all.
      do {
        await Promise.allSettled(underWay);
        await new Promise((resolve) => setImmediate(resolve));
      } while (underWay.size > 0);
    },
  };
}
