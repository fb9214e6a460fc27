import type { Clock } from '../../../lib/clock.ts';
import { YumOpsError } from '../../../lib/errors.ts';
import { runBeside } from '../../../lib/slots.ts';
import { lend } from '../../../lib/stream-memory.ts';
import type { DatabaseProfile } from '../../database/index.ts';
import type { BackupConfig } from '../config.ts';
import {
  type BackupConnection,
  type BackupDatabase,
  type ClientPrograms,
  NEVER_TOO_IDLE,
  type PostgresClient,
  type ProgressReport,
} from '../database.ts';
import { backUpFiles } from '../files/backup-files.ts';
import type { FileSource } from '../files/file-source.ts';
import { ReferencedFiles, readFileColumns } from '../files/referenced-files.ts';
import {
  type BackupManifest,
  type BackupSource,
  FORMAT_OF_SPLIT,
  type ManifestObject,
  writeManifest,
} from '../manifest.ts';
import { compress, PACKED } from '../object/blocks.ts';
import { dumpPart } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { recordRun } from '../run.ts';
import { refuseMissingSchemas } from './chosen-schemas.ts';
import { Counters } from './counters.ts';
import { describeSource } from './describe.ts';
import { dumpArguments, LOCK_WAIT, rowsArguments, schemasLeftOut } from './dump-arguments.ts';
import { readCluster } from './roles.ts';
import { readSizes, type SizedTable } from './rows.ts';
import { freeConnections, planSplit, type Split } from './split.ts';

/** A database to back up, and how it is run. */
export interface LogicalSource {
  /** Name under `databases:`. */
  name: string;
  database: BackupDatabase;
  profile: DatabaseProfile;
}

/** Files of the configuration, as they are kept: a secret in clear is as safe in a sealed object as the dump is. */
export interface ConfigurationRecord {
  files: { path: string; text: string }[];
  /** Variables of the environment that the files refer to, with a keyed hash of the value. */
  variables: { name: string; hash: string }[];
}

export interface LogicalBackupDeps {
  repository: Repository;
  clock: Clock;
  client: PostgresClient;
  version: string;
  config: BackupConfig;
  /** Processors of this machine. */
  cores: number;
  /** Whether it is made once, of the schemas that `config` names. */
  oneOff: boolean;
  /** Null = files and configuration alone. */
  source: LogicalSource | null;
  files: readonly FileSource[];
  /** The folder that relative paths of rows count from. */
  root: string;
  configuration: ConfigurationRecord;
  /** Until when objects are locked; undefined = not. */
  lockUntil: number | undefined;
  progress: ProgressReport;
  signal: AbortSignal;
}

/** Taken in the database by whoever backs it up; `yumb` in hexadecimal. */
export const BACKUP_LOCK = 0x79_75_6d_62;

/**
 * Makes a backup of the logical tier: dump, roles, row hashes, files and configuration, all of one moment.
 * @throws YumOpsError of what failed; then there is no backup, and the failure is recorded
 */
export function backUpLogically(deps: LogicalBackupDeps, id: string): Promise<BackupManifest> {
  const { signal, oneOff, config } = deps;
  const only = oneOff ? (config.schemas ?? []) : undefined;
  return recordRun(deps.repository, deps.clock, { id, tier: 'logical', only, signal }, async (started) => {
    const { source } = deps;
    if (source === null) return new LogicalRun(deps, id).perform(started, null);
    const connection = await source.database.connect();
    try {
      await takeLock(connection, source.name);
      return await new LogicalRun(deps, id).perform(started, { ...source, connection });
    } finally {
      await connection.close();
    }
  });
}

async function takeLock(connection: BackupConnection, name: string): Promise<void> {
  const [row] = await connection.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${BACKUP_LOCK}) AS taken`);
  if (row?.taken) return;
  throw new YumOpsError('backup_running', `Another backup of the database "${name}" is running.`, {
    hint: 'Wait for its end; `yumops backup list` shows it.',
    status: 409,
  });
}

type OpenSource = LogicalSource & { connection: BackupConnection };

/** What the parts of one backup gather. */
class LogicalRun {
  readonly #deps: LogicalBackupDeps;
  readonly #id: string;
  readonly #objects: ManifestObject[] = [];
  readonly #warnings: string[] = [];
  readonly #abort = new AbortController();
  #added = 0;

  constructor(deps: LogicalBackupDeps, id: string) {
    this.#deps = deps;
    this.#id = id;
  }

  async perform(started: string, source: OpenSource | null): Promise<BackupManifest> {
    const { signal, client, config } = this.#deps;
    const cancel = () => this.#abort.abort(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    let moment: Moment | null = null;
    try {
      signal.throwIfAborted();
      if (source) moment = await this.#openMoment(source, client);
      if (source) {
        const leftOut = schemasLeftOut(source.profile);
        await refuseMissingSchemas(source.connection, source.name, config.schemas, leftOut);
      }
      const values = source ? await readFileColumns(source.connection, config.fileColumns) : [];
      await runBeside(
        [
          () => this.#configuration(),
          () => this.#files(values),
          ...(source && moment ? this.#reading(source, moment) : []),
        ],
        this.#abort,
      );
      return await this.#manifest(moment?.started ?? started, moment);
    } finally {
      signal.removeEventListener('abort', cancel);
      await moment?.counters.close();
    }
  }

  /** What reads the database. The last to end lets its moment go: files may take longer, and the server keeps old rows for it. */
  #reading(source: OpenSource, moment: Moment): (() => Promise<void>)[] {
    const works = [...this.#dumps(source, moment), () => this.#rows(source, moment)];
    let left = works.length;
    return works.map((work) => async () => {
      await work();
      left--;
      if (left > 0) return;
      await this.#roles(source.connection);
      // The lock of the backup is the connection's.
      await source.connection.query(NEVER_TOO_IDLE);
      await source.connection.query('COMMIT');
    });
  }

  /** The moment of the backup, and how its rows are shared out. */
  async #openMoment(source: OpenSource, client: PostgresClient): Promise<Moment> {
    const { connection, profile } = source;
    const { config, cores } = this.#deps;
    const moment = await openMoment(source, client);
    const sizes = await readSizes(connection, { without: schemasLeftOut(profile), within: config.schemas });
    const free = await freeConnections(connection);
    const limits = { free, clientMajor: moment.programs.major, encoding: moment.source.encoding };
    const split = planSplit(sizes, { asked: config.jobs, cores }, limits);
    this.#warnings.push(...split.warnings);
    const lent = { lender: connection, snapshot: moment.snapshot };
    const counters = await Counters.open(source.database, lent, split, this.#abort.signal);
    return { ...moment, split, counters, sizes };
  }

  /** Every `pg_dump` begins at once, so that it has its tables before anybody can empty or alter them. */
  #dumps({ database, profile }: OpenSource, { snapshot, programs, split, sizes }: Moment): (() => Promise<void>)[] {
    const { client, config, progress } = this.#deps;
    const { signal } = this.#abort;
    // On disk: about as many as are dumped.
    const expected = sizes.reduce((sum, table) => sum + table.bytes, 0);
    let bytes = 0;
    async function* counted(args: string[]): AsyncIterable<Uint8Array> {
      for await (const piece of client.dump(programs, database, args, signal)) {
        bytes += piece.length;
        progress(bytes, bytes < expected ? expected : null, 'bytes dumped');
        yield piece;
      }
    }
    const main = dumpArguments(profile, snapshot, config.schemas, split.groups.flat());
    return [main, ...split.groups.map((tables) => rowsArguments(snapshot, tables))].map(
      (args, index) => () => this.#store(dumpPart(index), lend(compress(lend(counted(args)))), { packed: PACKED }),
    );
  }

  async #rows({ profile }: OpenSource, { counters, sizes }: Moment): Promise<void> {
    const { config, progress } = this.#deps;
    const records = await counters.count({
      mode: config.rowHash,
      sizes,
      without: schemasLeftOut(profile),
      within: config.schemas,
      signal: this.#abort.signal,
      onTable: (done, total) => progress(done, total, 'tables counted'),
    });
    await counters.close();
    await this.#store('tables', text(records));
  }

  async #roles(connection: BackupConnection): Promise<void> {
    const cluster = await readCluster(connection);
    if (!cluster.withPasswords) this.#warnings.push('passwords of roles are not in the backup: the server hides them');
    await this.#store('roles', text(cluster));
  }

  async #files(values: Awaited<ReturnType<typeof readFileColumns>>): Promise<void> {
    const { files, root, repository, lockUntil, progress } = this.#deps;
    const referenced = new ReferencedFiles(values, root);
    if (files.length > 0) {
      const path = repository.objectPath(this.#id, 'files');
      const { signal } = this.#abort;
      const backup = await backUpFiles(repository, { path, sources: files, referenced, lockUntil, signal, progress });
      this.#objects.push({ part: 'files', ...backup.list });
      this.#warnings.push(...backup.warnings);
      this.#added += backup.added;
    }
    referenced.refuseMissing();
  }

  async #configuration(): Promise<void> {
    await this.#store('configuration', text(this.#deps.configuration));
  }

  async #store(
    part: string,
    content: AsyncIterable<Uint8Array>,
    more: Pick<ManifestObject, 'packed'> = {},
  ): Promise<void> {
    const { lockUntil, repository } = this.#deps;
    const lock = lockUntil === undefined ? {} : { lockUntil };
    const path = repository.objectPath(this.#id, part);
    const object = await repository.writeObject(path, content, { signal: this.#abort.signal, ...lock });
    this.#objects.push({ part, ...object, ...more });
  }

  #manifest(started: string, moment: Moment | null): Promise<BackupManifest> {
    const { repository, clock, version, lockUntil, config, oneOff } = this.#deps;
    const objects = [...this.#objects].sort((a, b) => (a.part < b.part ? -1 : 1));
    const whole = {
      id: this.#id,
      tier: 'logical' as const,
      parent: null,
      started,
      finished: new Date(clock.now()).toISOString(),
      madeBy: version,
      client: moment && `pg_dump ${moment.programs.version}`,
      source: moment?.source ?? null,
      schemas: config.schemas,
      ...(oneOff && { oneOff }),
      wal: null,
      objects,
      bytes: objects.reduce((sum, { bytes }) => sum + bytes, this.#added),
      warnings: this.#warnings,
      lockedUntil: lockUntil === undefined ? null : new Date(lockUntil).toISOString(),
    };
    return writeManifest(repository, whole, moment?.split.groups.length ? FORMAT_OF_SPLIT : undefined);
  }
}

/** The moment that a backup holds. */
interface Moment {
  /** ISO; by the server's clock. */
  started: string;
  snapshot: string;
  source: BackupSource;
  programs: ClientPrograms;
  split: Split;
  counters: Counters;
  sizes: readonly SizedTable[];
}

/** Opens a transaction that sees one moment and lends it to others; it stays open as long as the connection. */
async function openMoment(
  { connection, name }: OpenSource,
  client: PostgresClient,
): Promise<Omit<Moment, 'split' | 'counters' | 'sizes'>> {
  await connection.query('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
  await connection.query(`SET lock_timeout = ${LOCK_WAIT}`);
  await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const source = await describeSource(connection, name);
  const programs = await client.forServer(source.serverMajor);
  const [row] = await connection.query<{ snapshot: string; now: Date }>(
    'SELECT pg_export_snapshot() AS snapshot, clock_timestamp() AS now',
  );
  if (!row) throw new Error('no snapshot');
  return { started: row.now.toISOString(), snapshot: row.snapshot, source, programs };
}

async function* text(value: unknown): AsyncIterable<Uint8Array> {
  yield Buffer.from(JSON.stringify(value));
}
