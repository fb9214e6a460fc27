import { availableParallelism } from 'node:os';
import { type BackupConfig, type BackupManifest, backUpLogically, type Repository } from '../../care/backup/index.ts';
import type { Config } from '../../config/index.ts';
import { type LocalPostgresClient, openFiles, PostgresDatabase } from '../../store/source/index.ts';
import { VERSION } from '../../version.ts';
import type { BackupsContext, Hooks } from './backups.ts';
import { recordConfiguration } from './configuration-record.ts';
import { keysOf, usable } from './keys.ts';

/** A backup as it is configured, or as it was chosen once. */
export type RunConfig = BackupConfig & { oneOff?: boolean };

/** How many programs work at once. @param asked null = nobody says */
export function parallelismOf(asked: number | null): { asked: number | null; cores: number } {
  return { asked, cores: availableParallelism() };
}

/** The database of a backup as it is configured; null when it has none. @throws YumOpsError when its address cannot be used */
export function sourceOf(config: BackupConfig, databases: Config['databases']) {
  const found = databases.find(({ name }) => name === config.database);
  if (!found) return null;
  const { name, profile, url, broken } = found;
  const address = usable(config.url ?? { secret: url, broken }, `the address of the database "${name}"`);
  return { name, profile, database: new PostgresDatabase(name, address) };
}

/** Makes the logical tier of a backup: its database's rows, its files and the configuration. */
export async function backUpRows(
  { config, repository, client }: { config: RunConfig; repository: Repository; client: LocalPostgresClient },
  id: string,
  { config: whole, settings, clock }: BackupsContext,
  hooks: Hooks,
): Promise<BackupManifest> {
  const { root } = whole;
  const files = await Promise.all(config.files.map((item) => openFiles(item, root)));
  const configuration = await recordConfiguration(whole, settings.env, keysOf(config).current);
  const locked = repository.store.locks && config.lockMs !== null;
  try {
    return await backUpLogically(
      {
        ...{ repository, clock, client, version: VERSION, config, oneOff: config.oneOff === true, files, root },
        ...{ configuration, ...hooks },
        cores: availableParallelism(),
        source: sourceOf(config, whole.databases),
        lockUntil: locked ? clock.now() + (config.lockMs ?? 0) : undefined,
      },
      id,
    );
  } finally {
    for (const source of files) source.close();
  }
}
