import type { Clock } from '../../../lib/clock.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import { nearest } from '../../../lib/nearest.ts';
import { quoteIdentifier, splitName } from '../database.ts';
import { restoreRoles } from '../logical/roles.ts';
import type { TableRecord } from '../logical/rows.ts';
import { partOf, readClusterRecord, readDump, readTables } from '../objects.ts';
import { createDatabase, dumpMajor, isSuperuser, type RestoreDeps, reportOf } from './into-database.ts';
import { preflight, type RestorePlan, type RestoreReport } from './restore-database.ts';
import { connectToServer } from './target.ts';

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
  const { schema, name, owner, parts } = table;
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
): Promise<RestoreReport & { rows: number }> {
  const { manifest, target } = plan;
  const { repository } = deps;
  const table = findTable(await readTables(repository, manifest), text);
  const state = await preflight(deps, plan);
  if (state === 'used' && !confirmed) {
    throw new YumOpsError('restore_needs_yes', `The database "${target.catalog}" is not empty.`, {
      hint: 'Say --yes: a table of the same name is kept in a schema of its own. Or restore to another database.',
      status: 409,
    });
  }
  if (state !== 'missing') return fillTable(deps, plan, table);
  const server = await connectToServer(target);
  try {
    await createDatabase(server, target.catalog, manifest.source);
    try {
      return await fillTable(deps, plan, table);
    } catch (error) {
      await server.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(target.catalog)}`);
      throw error;
    }
  } finally {
    await server.close();
  }
}

async function fillTable(
  deps: RestoreDeps & { clock: Clock },
  plan: RestorePlan,
  table: TableRecord,
): Promise<RestoreReport & { rows: number }> {
  const { manifest, target } = plan;
  const { repository, client, progress, signal } = deps;
  const dump = partOf(manifest, 'dump');
  const programs = await client.forServer(dumpMajor(manifest));
  const { body, ties } = linesOfTable(await client.contents(programs, readDump(repository, dump)), table);
  const { kept, all, warnings } = await makeRoom(deps, plan, table);
  const common = ['--no-password', `--dbname=${target.catalog}`, ...(all ? [] : ['--no-owner', '--no-privileges'])];
  const input = () => readDump(repository, dump, reportOf(dump, progress));
  try {
    const args = [...common, '--single-transaction'];
    await client.restore(programs, target, { args, only: body, input: input(), signal });
  } catch (error) {
    if (kept !== null) await moveTable(plan, table, kept, table.schema);
    throw error;
  }
  for (const tie of ties) {
    const args = [...common, '--single-transaction'];
    await client.restore(programs, target, { args, only: [tie], input: input(), signal }).catch((error: unknown) => {
      warnings.push(`${tie.replace(/^\d+; \d+ \d+ /, '')} was left out: ${messageOf(error)}`);
    });
  }
  const at = kept === null ? null : `${kept}.${table.name}`;
  return { database: target.catalog, kept: at, warnings, rows: table.rows };
}

/** Makes schema and roles, and moves a table of the same name out of the way. */
async function makeRoom(
  { repository, clock }: RestoreDeps & { clock: Clock },
  plan: RestorePlan,
  table: TableRecord,
): Promise<{ kept: string | null; all: boolean; warnings: string[] }> {
  const connection = await plan.target.connect();
  try {
    const all = await isSuperuser(connection);
    const cluster = await readClusterRecord(repository, plan.manifest);
    const warnings = all ? await restoreRoles(connection, cluster) : ['owner and privileges were left out'];
    await connection.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(table.schema)}`);
    const rows = await connection.query(
      'SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
      [table.schema, table.name],
    );
    if (rows.length === 0) return { kept: null, all, warnings };
    const kept = `before_${new Date(clock.now()).toISOString().slice(0, 19).replace(/\D/g, '')}`;
    await connection.query(`CREATE SCHEMA ${quoteIdentifier(kept)}`);
    await moveTable(plan, table, table.schema, kept);
    return { kept, all, warnings };
  } finally {
    await connection.close();
  }
}

/** Indexes, constraints and sequences of its own go along. */
async function moveTable({ target }: RestorePlan, { name }: TableRecord, from: string, to: string): Promise<void> {
  const connection = await target.connect();
  try {
    const [table, schema] = [`${quoteIdentifier(from)}.${quoteIdentifier(name)}`, quoteIdentifier(to)];
    await connection.query(`ALTER TABLE ${table} SET SCHEMA ${schema}`);
  } finally {
    await connection.close();
  }
}
