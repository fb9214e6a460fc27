import type { ClickHouseSettings } from '@clickhouse/client';
import { YumOpsError } from '../../lib/errors.ts';

type Select = (sql: string, settings: ClickHouseSettings) => Promise<{ data: unknown[][] }>;

/** Tables of no project that every reader needs: only which days a rollup has. */
const OPEN_TABLES: ReadonlySet<string> = new Set(['log_rollup_days']);

/**
 * Makes the settings with which the engine shows the rows of some projects only. Views have no rows of their own: what
 * they read is filtered below them.
 * @param select runs a statement with settings
 */
export function createRowFilters(select: Select): (projects: readonly string[]) => Promise<ClickHouseSettings> {
  let known: Promise<ReadonlyMap<string, boolean>> | undefined;
  return async (projects) => {
    known ??= readTables(select);
    const tables = await known.catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return filtersOf(tables, projects);
  };
}

function filtersOf(tables: ReadonlyMap<string, boolean>, projects: readonly string[]): ClickHouseSettings {
  const list = projects.map(quote).join(', ');
  const own = list === '' ? '0' : `project IN (${list})`;
  const entries = [...tables]
    .filter(([name]) => !OPEN_TABLES.has(name))
    .map(([name, hasProject]) => `${quote(name)}: ${quote(hasProject ? own : '0')}`);
  return { additional_table_filters: `{${entries.join(', ')}}` as never };
}

/**
 * The tables with rows, and whether their rows say their project; once the engine has shown that it leaves rows out.
 * The schema is whole when the platform starts, and does not change while it runs.
 */
async function readTables(select: Select): Promise<ReadonlyMap<string, boolean>> {
  const { data } = await select(
    `SELECT t.name, countIf(c.name = 'project') > 0 AS own FROM system.tables AS t
     LEFT JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
     WHERE t.database = currentDatabase() AND t.engine NOT IN ('View', 'MaterializedView') GROUP BY t.name`,
    {},
  );
  const tables = new Map(data.map(([name, own]) => [String(name), Boolean(own)]));
  const counted = await select('SELECT count() FROM schema_migrations', filtersOf(tables, []));
  if (!tables.has('schema_migrations') || Number(counted.data[0]?.[0]) !== 0) throw notSeparable();
  return tables;
}

function notSeparable(): YumOpsError {
  return new YumOpsError(
    'projects_not_separable',
    'The telemetry store does not leave out the rows of other projects.',
    {
      hint: 'It needs a ClickHouse that knows additional_table_filters, and a user who may set it.',
      status: 503,
    },
  );
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
