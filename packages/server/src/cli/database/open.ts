import type { ArgsDef } from 'citty';
import type { DatabaseConfig } from '../../care/database/index.ts';
import { readSettings, type Settings } from '../../config/settings.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { loadUsableConfig } from '../../main/config.ts';
import { connectMonitored, type DatabaseConnection } from '../../store/monitored/index.ts';
import { commonArgs } from '../command.ts';

/** Arguments of the commands that look at one or all databases of the configuration. */
export const databaseArgs = {
  ...commonArgs,
  name: { type: 'positional', required: false, description: 'Name under databases; default all', valueHint: 'NAME' },
  config: { type: 'string', description: 'Folder or file with yumops.yml (YUMOPS_CONFIG)', valueHint: 'DIR|FILE' },
  data: { type: 'string', description: 'Data folder (YUMOPS_DATA)', valueHint: 'DIR' },
} as const satisfies ArgsDef;

/**
 * The databases that a command is about.
 * @throws YumOpsError `wrong_use` when there is none of that name, or none at all
 */
export function chooseDatabases(args: {
  name?: string | undefined;
  config?: string | undefined;
  data?: string | undefined;
}): {
  databases: readonly DatabaseConfig[];
  settings: Settings;
} {
  const settings = readSettings(args);
  const { databases } = loadUsableConfig(settings.config, settings.env).config;
  if (databases.length === 0) {
    throw new YumOpsError('wrong_use', 'No database is configured.', {
      hint: `Add to yumops.yml: databases: [{name: main, url: "\${DATABASE_URL}"}]`,
      status: 400,
    });
  }
  if (args.name === undefined) return { databases, settings };
  const chosen = databases.filter(({ name }) => name === args.name);
  if (chosen.length > 0) return { databases: chosen, settings };
  const names = databases.map(({ name }) => name);
  throw new YumOpsError('wrong_use', `There is no database "${args.name}" in the configuration.`, {
    hint: didYouMean(args.name, names) ?? `There are: ${names.join(', ')}.`,
    status: 400,
  });
}

/** How many rows a list shows. @throws YumOpsError `wrong_use` */
export function readLimit(text: string | undefined): number {
  const limit = Number(text ?? '20');
  if (Number.isInteger(limit) && limit > 0 && limit <= 10_000) return limit;
  throw new YumOpsError('wrong_use', `"${text}" is not a number of rows.`, {
    hint: 'Give a number from 1 to 10000.',
    status: 400,
  });
}

export const limitArg = { type: 'string', description: 'Number of rows, default 20', valueHint: 'N' } as const;

/** Reads something from each chosen database; every row says from which. The rows of one follow those of another. */
export async function fromEach<Row>(
  databases: readonly DatabaseConfig[],
  read: (db: DatabaseConnection, database: DatabaseConfig) => Promise<Row[]>,
): Promise<(Row & { database: string })[]> {
  const rows: (Row & { database: string })[] = [];
  for (const database of databases) {
    for (const row of await withDatabase(database, (db) => read(db, database))) {
      rows.push({ ...row, database: database.name });
    }
  }
  return rows;
}

/**
 * Connects to a configured database and closes the connection after the work.
 * @throws YumOpsError `database_unavailable`, also when its address is broken
 */
export async function withDatabase<Result>(
  { name, url, broken }: DatabaseConfig,
  work: (db: DatabaseConnection) => Promise<Result>,
): Promise<Result> {
  if (broken !== null) {
    throw new YumOpsError('database_unavailable', `The address of the database "${name}" cannot be used: ${broken}.`, {
      hint: `Give the url of "${name}" under databases.`,
    });
  }
  const connection = await connectMonitored(name, url.reveal());
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
