/** Values that the Postgres driver binds. Objects are sent as JSON. */
export type SqlValue = string | number | bigint | boolean | Date | Buffer | null | readonly unknown[] | object;

/** One connection's view of the state database: `$1` placeholders, rows as objects. */
export interface Queryable {
  query<Row = Record<string, unknown>>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
}

/** The port to the state store (Postgres). Implemented in `store/state`. */
export interface Db extends Queryable {
  /**
   * Runs `work` in one transaction: commit when it resolves, roll back when it throws. Statements run in the order in which
   * they are given; one that `work` does not wait for still belongs to the transaction, and fails it.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /**
   * The same store over connections of its own, on which each text is planned once, by index: for a path that sends few
   * texts very often. `work` of a transaction may run a second time, after the first was rolled back. Left out = there is
   * no such thing.
   */
  prepared?(): Db;
}
