import type { SealedCount } from '@yumops/protocol';
import type { Db } from '../../lib/db.ts';
import type { Seal, Standing } from '../../lib/seal.ts';

/** Something that holds sealed things, each of which can be brought under the current key by itself. */
export interface SealedPart {
  /** In the plural, such as `monitors`. */
  name: string;
  /** Every thing that there is, and under which key it stands. */
  things(): AsyncIterable<SealedThing>;
}

export interface SealedThing {
  standing: Standing;
  /**
   * Seals it anew under the current key, at once or not at all.
   * @returns false when it was changed or removed meanwhile, for which the current key was used
   */
  reseal(): Promise<boolean>;
}

/** @throws those of the part */
export async function countSealed(part: SealedPart): Promise<SealedCount> {
  const count = { current: 0, previous: 0, unreadable: 0 };
  for await (const { standing } of part.things()) count[standing] += 1;
  return { name: part.name, ...count };
}

const PAGE = 200;

/** The sealed column of a table. @param of names of the table and its columns, which are no input */
export function sealedRows(
  db: Db,
  seal: Seal,
  of: { name: string; table: string; id: string; column: string },
): SealedPart {
  const { name, table, id, column } = of;
  return {
    name,
    async *things() {
      for (let after = ''; ; ) {
        const rows = await db.query<{ id: string; sealed: Buffer }>(
          `SELECT ${id} AS id, ${column} AS sealed FROM ${table} WHERE ${id} > $1 ORDER BY ${id} LIMIT ${PAGE}`,
          [after],
        );
        for (const row of rows) {
          yield {
            standing: seal.standingOf(row.sealed, row.id),
            async reseal() {
              const anew = seal.close(seal.open(row.sealed, row.id), row.id);
              const changed = await db.query(
                `UPDATE ${table} SET ${column} = $2 WHERE ${id} = $1 AND ${column} = $3 RETURNING 1`,
                [row.id, anew, row.sealed],
              );
              return changed.length > 0;
            },
          };
        }
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE) return;
        after = last.id;
      }
    },
  };
}
