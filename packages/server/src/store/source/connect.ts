import pg from 'pg';
import type { BackupConnection, BackupDatabase } from '../../care/backup/index.ts';
import { Secret } from '../../lib/secret.ts';
import { asDatabaseError } from '../monitored/database-error.ts';

const CONNECT_LIMIT = 10_000;

/** A database by its URL; nothing is asked of it yet. */
export class PostgresDatabase implements BackupDatabase {
  readonly catalog: string;
  readonly url: Secret;
  readonly #name: string;
  readonly #address: string | undefined;

  /**
   * @param name how errors call it
   * @param address where its address stands, in words; default its url under databases
   */
  constructor(name: string, url: Secret, address?: string) {
    this.#name = name;
    this.#address = address;
    this.url = url;
    this.catalog = databaseOf(url.reveal());
  }

  withCatalog(catalog: string): PostgresDatabase {
    const url = new URL(this.url.reveal());
    url.pathname = `/${encodeURIComponent(catalog)}`;
    url.searchParams.delete('dbname');
    return new PostgresDatabase(this.#name, new Secret(url.href), this.#address);
  }

  async connect(catalog?: string): Promise<BackupConnection> {
    if (catalog !== undefined && catalog !== this.catalog) return this.withCatalog(catalog).connect();
    const client = new pg.Client({
      connectionString: this.url.reveal(),
      application_name: 'yumops backup',
      connectionTimeoutMillis: CONNECT_LIMIT,
      keepAlive: true,
    });
    // A lost connection is reported by the next statement; without a listener the process would end.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      throw asDatabaseError(this.#name, error, this.#address);
    }
    return {
      query: async <Row>(sql: string, values: readonly unknown[] = []) => {
        try {
          const result = await (values.length === 0 ? client.query(sql) : client.query(sql, [...values]));
          // Several statements give several results; the last is the one that was asked for.
          const last = Array.isArray(result) ? (result.at(-1) as pg.QueryResult) : result;
          return last.rows as Row[];
        } catch (error) {
          throw asDatabaseError(this.#name, error, this.#address);
        }
      },
      close: () => client.end().catch(() => undefined),
    };
  }
}

function databaseOf(url: string): string {
  const { pathname, username } = new URL(url);
  return decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username);
}
