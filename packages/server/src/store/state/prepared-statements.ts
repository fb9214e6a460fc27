import type { QueryConfig } from 'pg';
import { codeOf, messageOf } from '../../lib/errors.ts';

/** `feature_not_supported`: the server says so of a plan whose table has got a column since. */
const FEATURE = '0A000';

/** Names for statements, so that a connection parses and plans each of them once. */
export class PreparedStatements {
  #names = new Map<string, string>();
  #generation = 0;

  of(text: string, values: unknown[]): QueryConfig {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `s${this.#generation}_${this.#names.size}`;
      this.#names.set(text, name);
    }
    return { name, text, values };
  }

  /** Whether a plan no longer fits its table, as while a newer release changes the schema; all are made anew then. */
  isOutdated(error: unknown): boolean {
    if (codeOf(error) !== FEATURE || !messageOf(error).includes('cached plan')) return false;
    this.#generation++;
    this.#names = new Map();
    return true;
  }
}
