import pg from 'pg';
import type {
  BaseBackupOptions,
  BaseBackupPart,
  ReplicationSource,
  SlotState,
  WalMessage,
  WalStream,
} from '../../care/backup/physical/index.ts';
import { formatLsn, parseLsn } from '../../care/backup/physical/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from '../../lib/errors.ts';
import { ReplicationCommand } from './command.ts';
import { readFacts } from './facts.ts';
import { BACKUP_DATA, readBackupMessage, readWalMessage, statusUpdate } from './messages.ts';

/** Milliseconds to wait for a connection. */
const CONNECT_LIMIT = 10_000;

/**
 * A server as a source of physical backups. Connections open when they are needed: one for queries, one for each
 * backup and stream, because a replication connection that streams can do nothing else.
 * @param name how errors call the database
 */
export function connectReplication(name: string, url: string, clock: Clock): ReplicationSource {
  const connections = new Connections(name, url);
  const { query, once } = connections;
  return {
    async identify() {
      const [systemId, timeline, flushed] = await once('IDENTIFY_SYSTEM');
      return { systemId: String(systemId), timeline: Number(timeline), flushed: parseLsn(String(flushed)) };
    },
    facts: () => connections.onPlain(readFacts),
    slot: (slot) => readSlot(query, slot),
    async createSlot(slot) {
      await once(`CREATE_REPLICATION_SLOT ${quoted(slot)} PHYSICAL (RESERVE_WAL)`);
    },
    async dropSlot(slot) {
      await query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [slot]);
    },
    async restorePoint(point) {
      const [row] = await query<{ lsn: string }>('SELECT pg_create_restore_point($1)::text AS lsn', [point]);
      return parseLsn(String(row?.lsn));
    },
    async position() {
      const sql = 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS at, pg_current_wal_flush_lsn()::text AS lsn';
      const [row] = await query<{ at: string; lsn: string }>(sql);
      return { lsn: parseLsn(String(row?.lsn)), at: Number(row?.at) };
    },
    async timelineHistory(timeline) {
      const [, content] = await once(`TIMELINE_HISTORY ${timeline}`);
      return Buffer.from(String(content), 'utf8');
    },
    async *baseBackup(options, manifest) {
      const client = await connections.open();
      try {
        if (manifest) await new ReplicationCommand(client, 'UPLOAD_MANIFEST', { input: manifest }).rows();
        yield* readBackup(new ReplicationCommand(client, baseBackupCommand(options), { joined: BACKUP_DATA }));
      } catch (error) {
        throw explain(name, error);
      } finally {
        await connections.close(client);
      }
    },
    async streamWal({ slot, timeline, start }) {
      const client = await connections.open();
      const text = `START_REPLICATION SLOT ${quoted(slot)} PHYSICAL ${formatLsn(start)} TIMELINE ${timeline}`;
      const command = new ReplicationCommand(client, text);
      await command.started;
      return walStream(command, { name, clock, close: () => connections.close(client) });
    },
    close: () => connections.closeAll(),
  };
}

/** The connections of a source. */
class Connections {
  readonly #name: string;
  readonly #url: string;
  readonly #open = new Set<pg.Client>();
  #plain: Promise<pg.Client> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, url: string) {
    this.#name = name;
    this.#url = url;
  }

  /** A new connection for commands of the replication protocol. */
  open(): Promise<pg.Client> {
    return this.#connect(true);
  }

  async close(client: pg.Client): Promise<void> {
    this.#open.delete(client);
    await client.end().catch(() => undefined);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open].map((client) => this.close(client)));
  }

  /** Work on the one plain connection, in turn: receiver and backup share it. */
  onPlain<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      this.#plain ??= this.#connect(false);
      try {
        return await work(await this.#plain);
      } catch (error) {
        // Whether the connection is still good is not known.
        this.#plain?.then(
          (client) => this.close(client),
          () => undefined,
        );
        this.#plain = undefined;
        throw explain(this.#name, error);
      }
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  readonly query = <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    this.onPlain(async (client) => (await client.query(sql, values)).rows as Row[]);

  /** The first row of one command of the replication protocol. */
  readonly once = async (command: string): Promise<(string | null)[]> => {
    const client = await this.open();
    try {
      return (await new ReplicationCommand(client, command).rows())[0] ?? [];
    } catch (error) {
      throw explain(this.#name, error);
    } finally {
      await this.close(client);
    }
  };

  async #connect(replication: boolean): Promise<pg.Client> {
    const client = await openClient(this.#name, this.#url, replication);
    this.#open.add(client);
    return client;
  }
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

async function openClient(name: string, url: string, replication: boolean): Promise<pg.Client> {
  const config = {
    connectionString: url,
    application_name: 'yumops backup',
    connectionTimeoutMillis: CONNECT_LIMIT,
    keepAlive: true,
    ...(replication ? { replication: 'true' } : {}),
  };
  const client = new pg.Client(config);
  // A lost connection is reported by the command that runs on it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw explain(name, error);
  }
}

async function readSlot(
  query: <Row>(sql: string, values: unknown[]) => Promise<Row[]>,
  name: string,
): Promise<SlotState | undefined> {
  const [row] = await query<{ restart: string | null; status: string; active: boolean; retained: string }>(
    `SELECT restart_lsn::text AS restart, coalesce(wal_status, 'lost') AS status, active,
       coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::text AS retained
     FROM pg_replication_slots WHERE slot_name = $1`,
    [name],
  );
  if (!row) return undefined;
  return { ...row, restart: row.restart === null ? null : parseLsn(row.restart), retained: Number(row.retained) };
}

function baseBackupCommand({ label, incremental, maxRate }: BaseBackupOptions): string {
  const options = [
    `LABEL '${label.replaceAll("'", "''")}'`,
    "CHECKPOINT 'fast'",
    'WAL false',
    // The stream brings the log; a server whose own archiving hangs must not hold the backup up.
    'WAIT false',
    "MANIFEST 'yes'",
    "MANIFEST_CHECKSUMS 'SHA256'",
    'TABLESPACE_MAP true',
    ...(incremental ? ['INCREMENTAL'] : []),
    ...(maxRate === undefined ? [] : [`MAX_RATE ${Math.min(1_048_576, Math.max(32, Math.round(maxRate)))}`]),
  ];
  return `BASE_BACKUP (${options.join(', ')})`;
}

/** Result sets of BASE_BACKUP: start, tablespaces (the data directory itself has no oid), the copy stream, end. */
async function* readBackup(command: ReplicationCommand): AsyncGenerator<BaseBackupPart> {
  for await (const event of command) {
    if (event.kind === 'copy') {
      const part = readBackupMessage(event.bytes);
      if (part) yield part;
      continue;
    }
    const [first, second] = event.fields;
    if (event.result === 2) {
      if (first !== null) yield { kind: 'tablespace', oid: String(first), path: String(second) };
    } else {
      const kind = event.result === 1 ? 'start' : 'end';
      yield { kind, lsn: parseLsn(String(first)), timeline: Number(second) };
    }
  }
}

function walStream(
  command: ReplicationCommand,
  { name, clock, close }: { name: string; clock: Clock; close: () => Promise<unknown> },
): WalStream {
  let next: { timeline: number; start: bigint } | undefined;
  let written = 0n;
  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<WalMessage> {
      try {
        for await (const event of command) {
          if (event.kind === 'row') {
            next = { timeline: Number(event.fields[0]), start: parseLsn(String(event.fields[1])) };
            continue;
          }
          const message = readWalMessage(event.bytes);
          if (message?.kind === 'wal') written = message.start + BigInt(message.bytes.length);
          if (message) yield message;
        }
      } catch (error) {
        throw explain(name, error);
      } finally {
        await close();
      }
    },
    report: (flushed) => command.send(statusUpdate(written > flushed ? written : flushed, flushed, clock.now())),
    next: () => next,
    stop: () => void close(),
  };
}

const HINTS: readonly [RegExp, string, string][] = [
  [
    /must be superuser or replication role|permission denied to start WAL sender|REPLICATION attribute/i,
    'replication_refused',
    'Give the role of its url the right: ALTER ROLE … REPLICATION.',
  ],
  [
    /no pg_hba.conf entry for replication/i,
    'replication_refused',
    'Add a line for "replication" and this role to pg_hba.conf of the server and reload it.',
  ],
  [/wal_level/i, 'replication_refused', 'Set wal_level = replica and restart the server.'],
  [
    /all replication slots are in use|number of requested standby connections|max_wal_senders/i,
    'replication_refused',
    'Raise max_replication_slots and max_wal_senders and restart the server.',
  ],
  [/has already been removed|can no longer (get changes|access)/i, 'wal_gap', 'A new base backup is needed.'],
  [
    /WAL summar|summarize_wal|incremental backup|manifest requires WAL|uploaded manifest|system identifier in backup manifest/i,
    'increment_refused',
    'A full base backup is made instead.',
  ],
  [/is active for PID/i, 'slot_busy', 'Another receiver holds the slot; it is left alone.'],
];

/** What went wrong, with the next step where it is known. */
function explain(name: string, error: unknown): unknown {
  if (error instanceof YumOpsError) return error;
  const message = messageOf(error);
  const known = HINTS.find(([pattern]) => pattern.test(message));
  if (known) {
    return new YumOpsError(known[1], `The database "${name}" refuses: ${message}`, {
      hint: known[2],
      status: 503,
      cause: error,
    });
  }
  if (codeOf(error) !== undefined && /^[0-9A-Z]{5}$/.test(codeOf(error) ?? '')) {
    return new YumOpsError('backup_source_failed', `The database "${name}" reported: ${message}`, { cause: error });
  }
  return new YumOpsError('database_unavailable', `The database "${name}" cannot be reached: ${message}`, {
    hint: 'Check its url under databases: host, port, user, password and database name.',
    status: 503,
    cause: error,
  });
}
