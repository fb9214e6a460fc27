import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { WaitSampler } from '../../src/care/database/monitor/wait-sampler.ts';
import { DEFAULT_THRESHOLDS } from '../../src/care/database/thresholds.ts';
import { freePort } from '../../src/engines/free-port.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { check, open, run, startEmbeddedServer, type TestServer, until } from './server.ts';
import { makeHosted } from './supabase.ts';
import { maintain, plan } from './upkeep.ts';

const POOLER = '/usr/sbin/pgbouncer';
const profile = 'supabase' as const;

interface Pooler {
  /** The database of an address, by way of a pooler that gives a server connection away after each transaction. */
  byTransaction(url: string): string;
  /** The same where a client keeps its server connection until it leaves. */
  bySession(url: string): string;
  stop(): Promise<void>;
}

/** A pooler in front of a server, with three server connections a database. It refuses to run as root. */
async function startPooler(server: string, users: Readonly<Record<string, string>>): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), 'yumops-test-pooler-'));
  const { hostname, port: behind } = new URL(server);
  const port = await freePort();
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody']).toString());
  const user = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  const list = Object.entries(users).map(([name, password]) => `"${name}" "${password}"\n`);
  await writeFile(join(folder, 'users.txt'), list.join(''));
  await writeFile(
    join(folder, 'pooler.ini'),
    `[databases]
kept = host=${hostname} port=${behind} dbname=hosted pool_mode=session
* = host=${hostname} port=${behind}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 3
`,
  );
  for (const name of ['', 'users.txt', 'pooler.ini']) {
    if (user.uid !== undefined) chownSync(join(folder, name), user.uid, user.gid);
  }
  const child: ChildProcess = spawn(POOLER, [join(folder, 'pooler.ini')], { ...user, cwd: folder, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const through = (url: string, database?: string) => {
    const address = new URL(url);
    address.host = `127.0.0.1:${port}`;
    if (database !== undefined) address.pathname = `/${database}`;
    return address.href;
  };
  await until(() =>
    run(through(server), 'SELECT 1').then(
      () => true,
      () => child.exitCode !== null,
    ),
  );
  return {
    byTransaction: (url) => through(url),
    bySession: (url) => through(url, 'kept'),
    async stop() {
      child.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const present = existsSync(POOLER);

describe.skipIf(!present).each([15, 18] as const)(
  `Postgres %i, run as Supabase runs it, behind a pooler${present ? '' : ' (pgbouncer is not installed)'}`,
  (major) => {
    let server: TestServer;
    let pooler: Pooler;
    let admin: string;
    let direct: string;
    let pooled: string;

    beforeAll(async () => {
      server = await startEmbeddedServer(major);
      admin = await server.createDatabase('hosted');
      direct = await makeHosted(admin);
      const { username, password } = new URL(admin);
      pooler = await startPooler(admin, { operator: 'pw', [username]: decodeURIComponent(password) });
      pooled = pooler.byTransaction(direct);
      await run(
        direct,
        'CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int)',
        'ALTER TABLE notes ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON notes TO authenticated USING (v > 0)',
        'INSERT INTO notes (v) SELECT generate_series(1, 9000)',
        'CREATE INDEX first ON notes (v); CREATE INDEX second ON notes (v)',
        'CREATE TABLE worn (id int PRIMARY KEY, at date); ALTER TABLE worn ENABLE ROW LEVEL SECURITY',
        'CREATE POLICY mine ON worn TO authenticated USING (id > 0)',
        'CREATE TABLE low (id smallserial PRIMARY KEY); ALTER TABLE low ENABLE ROW LEVEL SECURITY',
        "CREATE POLICY mine ON low TO authenticated USING (id > 0); SELECT setval('low_id_seq', 32000)",
      );
    });

    afterAll(async () => {
      await pooler?.stop();
      await server?.stop();
    });

    const found = async (url: string) =>
      (await check(url, {}, { profile })).map(({ code, severity, object }) => `${severity} ${code} ${object}`);

    test('findings are those of a direct connection, and no setting of a look stays with the application', async () => {
      const seen = await found(pooled);
      expect(seen).toEqual(await found(direct));
      expect(seen).toEqual(
        expect.arrayContaining(['critical sequence public.low_id_seq', 'warning duplicate_index public.second']),
      );
      const clients = await Promise.all([open(pooled), open(pooled), open(pooled)]);
      const settings = 'statement_timeout lock_timeout search_path default_transaction_read_only jit'.split(' ');
      const fresh = await open(direct);
      const shown = async (client: typeof fresh) => {
        await client.query('BEGIN');
        const values: string[] = [];
        for (const name of settings) values.push(Object.values((await client.query(`SHOW ${name}`)).rows[0]).join());
        return values;
      };
      const expected = await shown(fresh);
      for (const client of clients) expect(await shown(client)).toEqual(expected);
      await Promise.all([...clients, fresh].map((client) => client.end()));
    });

    test('connections, statements, counters and waits are sampled', async () => {
      const rows: [string, Record<string, unknown>][] = [];
      const writer = {
        async append(relation: string, added: readonly Record<string, unknown>[]) {
          for (const row of added) rows.push([relation, row]);
        },
      };
      const clock = new FakeClock();
      const common = { name: 'main', service: 'app', writer, clock };
      const sampler = new DatabaseSampler({ ...common, past: async () => [] });
      const waits = new WaitSampler({ ...common, thresholds: DEFAULT_THRESHOLDS });
      const db = await connectMonitored('main', pooled);
      const holder = await open(pooled);
      const waiter = await open(pooled);
      await holder.query('BEGIN; LOCK TABLE notes');
      const waiting = waiter.query('SELECT count(*) AS awaited FROM notes');
      try {
        const blocked = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        await until(async () => (await db.query(blocked)).length === 1);
        for (let look = 0; look < 2; look++) {
          await waits.look(db);
          await sampler.sampleConnections(db);
          expect([...(await sampler.sampleStatements(db)), ...(await sampler.sampleServer(db))]).toEqual([]);
          if (look > 0) break;
          await run(pooled, 'SELECT id + 1 AS counted FROM worn WHERE id = 7');
          await clock.advance(5_000);
        }
        await waits.write();
      } finally {
        await holder.query('ROLLBACK');
        await waiting;
        await Promise.all([holder.end(), waiter.end(), db.close()]);
      }
      const of = (relation: string) => rows.filter(([name]) => name === relation).map(([, row]) => row);
      expect(of('database_samples').map(({ query }) => query)).toContainEqual(expect.stringContaining('AS counted'));
      expect(of('database_waits')).toContainEqual(expect.objectContaining({ waitType: 'Lock', seconds: 5 }));
      const metrics = of('metrics').map(({ name }) => name);
      expect(metrics).toEqual(expect.arrayContaining(['db_connection_usage', 'db_connections', 'db_transactions']));
    });

    test('upkeep is planned; it runs by a pooler that keeps sessions, and refuses one that does not', async () => {
      await run(direct, 'INSERT INTO worn SELECT generate_series(1, 5000)');
      const planned = (await plan(pooled, ['analyze'], { profile })).map(({ object }) => object);
      expect(planned).toContain('public.worn');
      for (let attempt = 0; attempt < 3; attempt++) {
        await expect(maintain(pooled, ['analyze'], { profile })).rejects.toMatchObject({
          code: 'pooled_connection',
          hint: expect.stringContaining('session mode'),
        });
      }
      const client = await open(admin);
      expect((await client.query("SELECT FROM pg_locks WHERE locktype = 'advisory'")).rowCount).toBe(0);
      await client.end();
      expect(await maintain(pooler.bySession(direct), ['analyze'], { profile })).toMatchObject({ status: 'done' });
      expect(await plan(pooled, ['analyze'], { profile })).toEqual([]);
    });

    test('without pg_monitor what is not seen is named, and everything else is told as before', async () => {
      const before = await found(pooled);
      await run(admin, 'REVOKE pg_monitor FROM operator');
      try {
        const seen = await found(pooled);
        expect(seen.filter((line) => !line.includes('probe_failed'))).toEqual(
          before.filter((line) => !/slow_query|missing_index/.test(line)),
        );
        expect(seen.filter((line) => line.includes('probe_failed')).sort()).toEqual(
          [...['WAL archive', 'connections', 'disk space', 'locks', 'replication', 'statements', 'transactions']].map(
            (name) => `unknown probe_failed ${name}`,
          ),
        );
      } finally {
        await run(admin, 'GRANT pg_monitor TO operator');
      }
    });
  },
);

test('a pooler that refuses with a code of its own makes the database unknown', async () => {
  const text = 'SFATAL\0CXX000\0MMaxClientsInSessionMode: max clients reached\0\0';
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + text.length);
  const refusal = Buffer.concat([Buffer.from('E'), length, Buffer.from(text)]);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(refusal));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    await expect(connectMonitored('main', `postgres://a:b@127.0.0.1:${port}/c`)).rejects.toMatchObject({
      code: 'database_unavailable',
      message: expect.stringContaining('max clients reached'),
    });
  } finally {
    server.close();
  }
});
