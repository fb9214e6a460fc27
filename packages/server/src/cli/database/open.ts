import type { ArgsDef } from 'citty';
import type { DatabaseConfig } from '../../care/database/index.ts';
import { readSettings, type Settings } from '../../config/settings.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { loadUsableConfig } from '../../main/config.ts';
import { connectMonitored, type DatabaseConnection } from '../../store/monitored/index.ts';
import { commonArgs } from '../command.ts';
import { configurationPath } from '../running-findings.ts';

/** Arguments of the commands that look at one or all databases of the configuration. */
export const databaseArgs = {
  ...commonArgs,
  name: { type: 'positional', required: false, description: 'Name under databases; default all', valueHint: 'NAME' },
  config: { type: 'string', description: 'Folder or file with yumops.yml (YUMOPS_CONFIG)', valueHint: 'DIR|FILE' },
  data: { type: 'string', description: 'Data folder (YUMOPS_DATA)', valueHint: 'DIR' },
} as const satisfies ArgsDef;

export interface DatabaseArgs {
  name?: string | undefined;
  config?: string | undefined;
  data?: string | undefined;
}

/** The databases of the configuration. */
export function databasesOf({ config, env }: Pick<Settings, 'config' | 'env'>): readonly DatabaseConfig[] {
  return loadUsableConfig(config, env).config.databases;
}

/**
 * All databases, or the one of that name.
 * @throws YumOpsError `wrong_use` when there is none of that name, or none at all
 */
export function chooseNamed<Named extends { name: string }>(
  databases: readonly Named[],
  wanted: string | undefined,
): readonly Named[] {
  if (databases.length === 0) {
    throw new YumOpsError('wrong_use', 'No database is configured.', {
      hint: `Add to yumops.yml: databases: [{name: main, url: "\${DATABASE_URL}"}]`,
      status: 400,
    });
  }
  if (wanted === undefined) return databases;
  const chosen = databases.filter(({ name }) => name === wanted);
  if (chosen.length > 0) return chosen;
  const names = databases.map(({ name }) => name);
  throw new YumOpsError('wrong_use', `There is no database "${wanted}" in the configuration.`, {
    hint: didYouMean(wanted, names) ?? `There are: ${names.join(', ')}.`,
    status: 400,
  });
}

/**
 * The databases of the configuration that a command changes something in: of the file that is named, else of the one that
 * the running platform of the data folder uses, else of the working folder.
 * @throws YumOpsError `wrong_use` when there is none of that name, or none at all
 */
export async function chooseDatabases(
  args: DatabaseArgs,
): Promise<{ databases: readonly DatabaseConfig[]; settings: Settings }> {
  const settings = readSettings(args);
  const config = await configurationPath(settings);
  return { databases: chooseNamed(databasesOf({ ...settings, config }), args.name), settings };
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
