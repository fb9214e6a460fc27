import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAccess } from '../../src/care/database/index.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { startEmbeddedServer, type TestServer } from './server.ts';

let server: TestServer;
let url: string;
const clients: pg.Client[] = [];

beforeAll(async () => {
  server = await startEmbeddedServer(18);
  url = await server.createDatabase('shop');
  await (await open(url, 'setup')).query(
    `CREATE ROLE app LOGIN NOSUPERUSER PASSWORD 'app'; CREATE ROLE watch LOGIN PASSWORD 'watch'; GRANT pg_monitor TO watch`,
  );
  await clients.pop()?.end();
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await server.stop();
});

async function open(address: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: address, application_name: name });
  await client.connect();
  clients.push(client);
  return client;
}

function as(role: string): string {
  const own = new URL(url);
  own.username = role;
  own.password = role;
  return own.href;
}

async function look(role?: string) {
  const connection = await connectMonitored('main', role === undefined ? url : as(role));
  try {
    return await readAccess(connection);
  } finally {
    await connection.close();
  }
}

test('a server where the application has a role of its own shows nothing wrong', async () => {
  await open(as('app'), 'shop');
  expect(await look('watch')).toEqual({
    ...{ superusers: [], own: { role: 'watch', superuser: false } },
    ...{ major: 18, passwordEncryption: 'scram-sha-256', remoteWithoutTls: 0 },
  });
});

test('an application that works as superuser is seen, and a person’s psql is none', async () => {
  const owner = new URL(url).username;
  await open(url, 'psql');
  expect((await look('watch')).superusers).toEqual([]);
  await open(url, 'shop');
  await open(url, 'shop');
  expect((await look('watch')).superusers).toEqual([{ role: owner, sessions: 2 }]);
});

test('a watcher that is a superuser is seen', async () => {
  expect((await look()).own).toEqual({ role: new URL(url).username, superuser: true });
});

test('passwords that are stored as MD5 are seen', async () => {
  const admin = await open(url, 'psql');
  await admin.query("ALTER DATABASE shop SET password_encryption = 'md5'");
  try {
    expect((await look('watch')).passwordEncryption).toBe('md5');
  } finally {
    await admin.query('ALTER DATABASE shop RESET password_encryption');
  }
});
