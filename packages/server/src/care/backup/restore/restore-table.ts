import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { nearest } from '../../../lib/nearest.ts';
import { type BackupConnection, quoteIdentifier, splitName } from '../database.ts';
import type { TableRecord } from '../logical/rows.ts';
import { readTables } from '../objects.ts';
import { inContents } from './contents.ts';
import type { RestoreDeps } from './into-database.ts';
import type { RestorePlan } from './restore-database.ts';
import { dropEmpty, type PartReport, type RestoredPart, restorePart } from './restore-part.ts';

/** `table`, `schema.table` or `"Schema"."Table"`. Words without quotes are also found in lower case, as in SQL. */
export function findTable(tables: readonly TableRecord[], text: string): TableRecord {
  const words = splitName(text).map(({ name, quoted }) => ({
    exact: name,
    folded: quoted ? name : name.toLowerCase(),
  }));
  const name = words.at(-1);
  const schema = words.length > 1 ? words[0] : { exact: 'public', folded: 'public' };
  if (words.length <= 2 && name && schema) {
    for (const form of ['exact', 'folded'] as const) {
      const found = tables.find((table) => table.name === name[form] && table.schema === schema[form]);
      if (found) return found;
    }
  }
  const names = tables.map((table) => `${table.schema}.${table.name}`);
  const near = nearest(text, names);
  throw new YumOpsError('backup_table_unknown', `The backup has no table ${text}.`, {
    hint: near === undefined ? `It has ${names.slice(0, 10).join(', ') || 'no tables'}.` : `Did you mean ${near}?`,
    status: 404,
  });
}

/** Lines of the archive's contents that make the table with its rows, and those that tie it to others. */
export function linesOfTable(lines: readonly string[], table: TableRecord): { body: string[]; ties: string[] } {
  const [schema, name, owner] = [table.schema, table.name, table.owner].map(inContents);
  const parts = table.parts.map(inContents);
  const whole = new Set([`TABLE ${schema} ${name} ${owner}`, `TABLE DATA ${schema} ${name} ${owner}`]);
  const kinds = ['SEQUENCE', 'SEQUENCE OWNED BY', 'SEQUENCE SET', 'INDEX'];
  const own = new Set(kinds.flatMap((kind) => parts.map((part) => `${kind} ${schema} ${part} ${owner}`)));
  const below = (kind: string) => parts.map((part) => `${kind} ${schema} ${name} ${part} ${owner}`);
  const constraints = new Set([...below('CONSTRAINT'), ...below('CHECK CONSTRAINT')]);
  const heads = ['DEFAULT', 'COMMENT', 'ACL'].map(
    (kind) => `${kind} ${schema} ${kind === 'DEFAULT' ? '' : 'TABLE '}${name} `,
  );
  const tieHeads = ['FK CONSTRAINT', 'TRIGGER', 'POLICY', 'ROW SECURITY', 'RULE'].map(
    (kind) => `${kind} ${schema} ${name} `,
  );
  const body: string[] = [];
  const ties: string[] = [];
  for (const line of lines) {
    const entry = /^\d+; \d+ \d+ (.+)$/.exec(line)?.[1];
    if (entry === undefined) continue;
    const isBody = whole.has(entry) || own.has(entry) || constraints.has(entry);
    if (
      isBody ||
      heads.some((head) => entry.startsWith(head)) ||
      entry.startsWith(`COMMENT ${schema} COLUMN ${name}.`)
    ) {
      body.push(line);
    } else if (tieHeads.some((head) => `${entry} `.startsWith(head))) ties.push(line);
  }
  return { body, ties };
}

/**
 * Restores one table with its rows, indexes, constraints, sequences and triggers. A table of that name is moved into a
 * schema of its own first, and kept.
 * @param confirmed whether somebody said yes to writing into a database that is not empty
 */
export async function restoreTable(
  deps: RestoreDeps & { clock: Clock },
  plan: RestorePlan,
  text: string,
  confirmed: boolean,
): Promise<PartReport> {
  const table = findTable(await readTables(deps.repository, plan.manifest), text);
  return restorePart(deps, plan, partOfTable(table), confirmed);
}

function partOfTable(table: TableRecord): RestoredPart {
  const { schema, name, rows } = table;
  const move = (connection: BackupConnection, from: string, to: string) =>
    // Indexes, constraints and sequences of its own go along.
    connection.query(`ALTER TABLE ${quoteIdentifier(from)}.${quoteIdentifier(name)} SET SCHEMA ${quoteIdentifier(to)}`);
  return {
    noun: 'table',
    choose: async (contents) => ({ ...linesOfTable(await contents(), table), rows, tables: 1 }),
    async makeRoom(connection, kept) {
      await connection.query('BEGIN');
      try {
        const had = await connection.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
        if (had.length === 0) await connection.query(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
        const standing = await connection.query(
          'SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
          [schema, name],
        );
        if (standing.length > 0) {
          await connection.query(`CREATE SCHEMA ${quoteIdentifier(kept)}`);
          await move(connection, schema, kept);
        }
        await connection.query('COMMIT');
        return {
          kept: standing.length > 0 ? `${kept}.${name}` : null,
          async undo(later) {
            if (standing.length > 0) {
              await move(later, kept, schema);
              await dropEmpty(later, kept);
            }
            if (had.length === 0) await dropEmpty(later, schema);
          },
        };
      } catch (error) {
        await connection.query('ROLLBACK');
        throw error;
      }
    },
  };
}
