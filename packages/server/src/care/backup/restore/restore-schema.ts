import type { Clock } from '../../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import { nearest } from '../../../lib/nearest.ts';
import { type BackupConnection, quoteIdentifier, splitName } from '../database.ts';
import type { TableRecord } from '../logical/rows.ts';
import { readTables } from '../objects.ts';
import { inContents, schemasOf } from './contents.ts';
import type { RestoreDeps } from './into-database.ts';
import type { RestorePlan } from './restore-database.ts';
import {
  dropEmpty,
  type PartLines,
  type PartReport,
  type RestoredPart,
  type Room,
  restorePart,
} from './restore-part.ts';
import { TIES } from './ties.ts';

/** Whether anything stands in a schema that is of no extension. */
const TAKEN = `
  SELECT EXISTS (
    SELECT FROM (SELECT 'pg_class'::regclass AS class, oid, relnamespace AS schema FROM pg_catalog.pg_class
                 UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_catalog.pg_proc
                 UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_catalog.pg_type) o
     WHERE o.schema = n.oid
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
  ) AS taken, pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
  ARRAY(SELECT e.extname::text FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid) AS extensions
  FROM pg_catalog.pg_namespace n WHERE n.nspname = $1`;

interface Standing {
  taken: boolean;
  owner: string;
  extensions: string[];
}

/**
 * Restores one schema: all that stands in it, with its rows. A schema of that name in which something stands is renamed
 * first, and kept; extensions in it stay at the old name. What other schemas refer to is still what was kept.
 * @param text the name; in quotes or as it is, else in lower case as in SQL
 * @param confirmed whether somebody said yes to writing into a database that is not empty
 * @throws YumOpsError `backup_schema_unknown`, `restore_schema_bound`, and those of other restores
 */
export async function restoreSchema(
  deps: RestoreDeps & { clock: Clock },
  plan: RestorePlan,
  text: string,
  confirmed: boolean,
): Promise<PartReport> {
  const tables = await readTables(deps.repository, plan.manifest);
  const part = new SchemaPart(text, tables);
  const report = await restorePart(deps, plan, part, confirmed);
  return report.kept === null
    ? report
    : { ...report, warnings: [...report.warnings, 'views and keys of other schemas still refer to what is kept'] };
}

/** The name that is meant. @param lines of the whole archive's contents */
export function findSchema(lines: readonly string[], tables: readonly TableRecord[], text: string): string {
  const [word, ...others] = splitName(text);
  const names = [
    ...new Set([
      'public',
      ...tables.map(({ schema }) => schema),
      // What the contents spoil is found by its tables.
      ...schemasOf(lines),
    ]),
  ];
  if (word && others.length === 0) {
    const found = [word.name, ...(word.quoted ? [] : [word.name.toLowerCase()])].find((name) => names.includes(name));
    if (found !== undefined) return found;
  }
  const near = nearest(text, names);
  throw new YumOpsError('backup_schema_unknown', `The backup has no schema ${text}.`, {
    hint: near === undefined ? `It has ${names.join(', ')}.` : `Did you mean ${near}?`,
    status: 404,
  });
}

class SchemaPart implements RestoredPart {
  readonly noun = 'schema';
  readonly #text: string;
  readonly #tables: readonly TableRecord[];
  /** Known once its lines were chosen. */
  #name = '';

  constructor(text: string, tables: readonly TableRecord[]) {
    this.#text = text;
    this.#tables = tables;
  }

  async choose(contents: (args?: readonly string[]) => Promise<string[]>): Promise<PartLines> {
    const lines = await contents();
    const name = findSchema(lines, this.#tables, this.#text);
    this.#name = name;
    const own = await contents([`--schema=${name}`]);
    const entries = own.filter((line) => /^\d+; /.test(line));
    const about = lines.filter((line) =>
      [`ACL - SCHEMA ${inContents(name)} `, `COMMENT - SCHEMA ${inContents(name)} `].some((head) =>
        line.replace(/^\d+; \d+ \d+ /, '').startsWith(head),
      ),
    );
    const tables = this.#tables.filter(({ schema }) => schema === name);
    return {
      body: [...about, ...entries.filter((line) => !TIES.test(line))],
      ties: entries.filter((line) => TIES.test(line)),
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      tables: tables.length,
    };
  }

  async makeRoom(connection: BackupConnection, kept: string): Promise<Room> {
    const name = quoteIdentifier(this.#name);
    const [standing] = await connection.query<Standing>(TAKEN, [this.#name]);
    if (!standing) {
      await connection.query(`CREATE SCHEMA ${name}`);
      return { kept: null, undo: (later) => dropEmpty(later, this.#name) };
    }
    if (!standing.taken) return { kept: null, undo: async () => undefined };
    await connection.query('BEGIN');
    try {
      await connection.query(`ALTER SCHEMA ${name} RENAME TO ${quoteIdentifier(kept)}`);
      await connection.query(`CREATE SCHEMA ${name} AUTHORIZATION ${quoteIdentifier(standing.owner)}`);
      if (this.#name === 'public') await connection.query('GRANT USAGE ON SCHEMA public TO PUBLIC');
      await moveExtensions(connection, standing.extensions, this.#name);
      await connection.query('COMMIT');
      return { kept, undo: (later) => this.#putBack(later, kept) };
    } catch (error) {
      await connection.query('ROLLBACK');
      throw new YumOpsError(
        'restore_schema_bound',
        `The schema ${this.#name} cannot be moved out of the way: ${messageOf(error)}`,
        { hint: 'Nothing was changed. Restore to a new database.', status: 409, cause: error },
      );
    }
  }

  async #putBack(connection: BackupConnection, kept: string): Promise<void> {
    const [standing] = await connection.query<Standing>(TAKEN, [this.#name]);
    await connection.query('BEGIN');
    await moveExtensions(connection, standing?.extensions ?? [], kept);
    await connection.query(`DROP SCHEMA ${quoteIdentifier(this.#name)}`);
    await connection.query(`ALTER SCHEMA ${quoteIdentifier(kept)} RENAME TO ${quoteIdentifier(this.#name)}`);
    await connection.query('COMMIT');
  }
}

async function moveExtensions(connection: BackupConnection, names: readonly string[], schema: string): Promise<void> {
  for (const name of names) {
    await connection.query(`ALTER EXTENSION ${quoteIdentifier(name)} SET SCHEMA ${quoteIdentifier(schema)}`);
  }
}
