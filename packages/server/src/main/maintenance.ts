import { audit } from '../access/audit.ts';
import { type DatabaseConfig, type MaintenanceTarget, StoredLedger, settingsOf } from '../care/database/index.ts';
import type { Config } from '../config/index.ts';
import type { Db } from '../lib/db.ts';
import { YumOpsError } from '../lib/errors.ts';
import { didYouMean } from '../lib/nearest.ts';
import { connectMaintained } from '../store/monitored/index.ts';

function wrongUse(message: string, hint: string): YumOpsError {
  return new YumOpsError('wrong_use', message, { hint, status: 400 });
}

/** The database that is meant: the one named, else that of the section `maintenance`, else the only one. */
function chooseDatabase({ databases, maintenance }: Config, name: string | undefined): DatabaseConfig {
  const names = databases.map((database) => database.name);
  const wanted = name ?? maintenance.database ?? (names.length === 1 ? names[0] : undefined);
  const database = databases.find((one) => one.name === wanted);
  if (database) return database;
  if (names.length === 0) {
    throw wrongUse(
      'No database is configured.',
      `Add to yumops.yml: databases: [{name: main, url: "\${DATABASE_URL}"}]`,
    );
  }
  if (wanted === undefined) {
    throw wrongUse('Several databases are configured.', `Name one of them with --database: ${names.join(', ')}.`);
  }
  const hint = didYouMean(wanted, names) ?? `There are: ${names.join(', ')}.`;
  throw new YumOpsError('wrong_use', `There is no database "${wanted}" in the configuration.`, { hint, status: 404 });
}

/** Whether the section `maintenance` is about this database. */
export function isMaintained({ maintenance, databases }: Config, name: string): boolean {
  return maintenance.database === name || (maintenance.database === null && databases.length === 1);
}

/**
 * A database as maintenance sees it. One that the section `maintenance` is not about is maintained by the defaults and
 * loses no rows.
 * @throws YumOpsError `wrong_use`, `database_unavailable` when its address cannot be used
 */
export function maintenanceTarget(config: Config, named: string | undefined): MaintenanceTarget {
  const database = chooseDatabase(config, named);
  const { name } = database;
  const own = isMaintained(config, name);
  const maintenance = own ? config.maintenance : { ...config.maintenance, retention: [], url: null, broken: null };
  const broken = maintenance.url === null ? database.broken : maintenance.broken;
  const url = maintenance.url ?? database.url;
  return {
    name,
    settings: settingsOf(database, maintenance, config.root),
    async connect() {
      if (broken === null) return connectMaintained(name, url.reveal());
      throw new YumOpsError(
        'database_unavailable',
        `The address of the database "${name}" cannot be used: ${broken}.`,
        {
          hint: `Give the url of "${name}" under databases or maintenance.`,
          status: 503,
        },
      );
    },
  };
}

/** The ledger of maintenance in the state store. */
export function maintenanceLedger(db: Db): StoredLedger {
  return new StoredLedger(db, audit);
}
