import type { ClickHouseSettings } from '@clickhouse/client';
import { YumOpsError } from '../../lib/errors.ts';
import { clickhouseCode } from './telemetry-error.ts';

type Select = (sql: string, settings: ClickHouseSettings) => Promise<{ data: unknown[][] }>;

/**
 * The engine takes the filter of a table for a condition like those of the statement: it would join them, test the cheaper
 * one first, and so run a user's expression on rows of others, whose errors tell of them. These keep the filter first.
 */
const FILTER_FIRST: ClickHouseSettings & Record<string, 0> = {
  optimize_move_to_prewhere: 0,
  query_plan_merge_filters: 0,
  enable_join_runtime_filters: 0,
};

/** ClickHouse's numbers for a setting that it does not know, or that this user may not change. */
const SETTING_REFUSED = new Set([115, 164, 452]);

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
  const entries = [...tables].map(([name, hasProject]) => `${quote(name)}: ${quote(hasProject ? own : '0')}`);
  return { ...FILTER_FIRST, additional_table_filters: `{${entries.join(', ')}}` as never };
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
  const counted = await select('SELECT count() FROM schema_migrations', filtersOf(tables, [])).catch(
    (error: unknown) => {
      throw SETTING_REFUSED.has(clickhouseCode(error) ?? 0) ? notSeparable(error) : error;
    },
  );
  if (!tables.has('schema_migrations') || Number(counted.data[0]?.[0]) !== 0) throw notSeparable();
  return tables;
}

function notSeparable(cause?: unknown): YumOpsError {
  return new YumOpsError(
    'projects_not_separable',
    'The telemetry store does not leave out the rows of other projects.',
    {
      hint: `It needs a ClickHouse that knows additional_table_filters, ${Object.keys(FILTER_FIRST).join(', ')}, and a user who may set them.`,
      status: 503,
      cause,
    },
  );
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
