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
} as const satisfies ArgsDef;

/**
 * The databases that a command is about.
 * @throws YumOpsError `wrong_use` when there is none of that name, or none at all
 */
export function chooseDatabases(args: { name?: string | undefined; config?: string | undefined }): {
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
