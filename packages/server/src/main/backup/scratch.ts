import { dropDatabase, type ScratchServer, type ScratchServers } from '../../care/backup/index.ts';
import { makeScratch, type PostgresMajor, startEmbeddedPostgres, sweepScratch } from '../../engines/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { currentOwner, ownerTag, tagHasEnded } from '../../lib/process-owner.ts';
import { randomHex } from '../../lib/random.ts';
import { Secret } from '../../lib/secret.ts';
import { PostgresDatabase } from '../../store/source/index.ts';

/** A trial may lose everything: it writes as fast as the disk lets it, and archives nothing. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  archive_mode: 'off',
  max_wal_size: '2GB',
  maintenance_work_mem: '128MB',
};

/** The one that comes with the product. */
const NEWEST = 18;

async function versionOf(database: PostgresDatabase): Promise<string> {
  const connection = await database.connect('postgres');
  try {
    const [row] = await connection.query<{ version: string }>("SELECT current_setting('server_version') AS version");
    return `PostgreSQL ${row?.version}`;
  } finally {
    await connection.close();
  }
}

/** Servers from npm: of the same major version where it is installed, else the newest, which takes every older dump. */
export class EmbeddedScratchServers implements ScratchServers {
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  async start(major: number): Promise<ScratchServer> {
    await sweepScratch({ clock: this.#clock, log: this.#log });
    try {
      return await this.#start(Math.min(major, NEWEST) as PostgresMajor);
    } catch (error) {
      if (codeOf(error) !== 'postgres_missing' || major >= NEWEST) throw error;
      return this.#start(NEWEST);
    }
  }

  async #start(major: PostgresMajor): Promise<ScratchServer> {
    const scratch = await makeScratch('yumops-trial-');
    try {
      const engine = await startEmbeddedPostgres({
        dataDir: scratch.path,
        major,
        settings: SETTINGS,
        clock: this.#clock,
        log: this.#log,
      });
      const server = new PostgresDatabase('trial', new Secret(engine.url));
      return {
        database: server.withCatalog('trial'),
        version: await versionOf(server),
        async stop() {
          await engine.stop();
          await scratch.remove();
        },
      };
    } catch (error) {
      await scratch.remove();
      throw error;
    }
  }
}

/** A server that the operator gave for trials; each has a database of its own there. */
export class GivenScratchServer implements ScratchServers {
  readonly #url: Secret;

  constructor(url: Secret) {
    this.#url = url;
  }

  async start(): Promise<ScratchServer> {
    const server = new PostgresDatabase('scratch_url', this.#url);
    await dropLeft(server);
    const database = server.withCatalog(`${TRIAL}${ownerTag(currentOwner())}_${randomHex(4)}`);
    return { database, version: await versionOf(server), stop: async () => undefined };
  }
}

/** What names of databases of trials begin with; whose it is, and something random, follow. */
const TRIAL = 'yumops_trial_';

/** Removes the databases of trials whose process was killed on this machine. */
async function dropLeft(server: PostgresDatabase): Promise<void> {
  const connection = await server.connect('postgres');
  try {
    const found = await connection.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
      [TRIAL],
    );
    for (const { name } of found) {
      const tag = name.slice(TRIAL.length, name.lastIndexOf('_'));
      if (tagHasEnded(tag)) await dropDatabase(server.withCatalog(name));
    }
  } finally {
    await connection.close();
  }
}
