import { afterAll, beforeAll, expect, test } from 'vitest';
import { open, run, startEmbeddedServer, type TestServer } from './server.ts';
import { maintain } from './upkeep.ts';

/** Requests a second, and what counts as noise of the machine, in milliseconds. */
const RATE = 200;
const NOISE = 250;

let server: TestServer;

beforeAll(async () => {
  server = await startEmbeddedServer(15);
});

afterAll(() => server?.stop());

/** The 99th percentile of point writes at a fixed rate while `work` runs; waits count from when a write was due. */
async function p99(url: string, work: () => Promise<unknown>): Promise<number> {
  const clients = await Promise.all(Array.from({ length: 8 }, () => open(url)));
  const took: number[] = [];
  const writes: Promise<unknown>[] = [];
  const begun = performance.now();
  let over = false;
  const write = async (number: number) => {
    const due = begun + (number * 1_000) / RATE;
    const client = clients[number % clients.length];
    await client?.query('UPDATE busy SET v = v + 1 WHERE id = $1', [(number % 500) * 20]);
    took.push(performance.now() - due);
  };
  const pace = (async () => {
    for (let number = 0; !over; number++) {
      const wait = begun + (number * 1_000) / RATE - performance.now();
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      writes.push(write(number).catch(() => undefined));
    }
  })();
  await work();
  over = true;
  await pace;
  await Promise.all(writes);
  await Promise.all(clients.map((client) => client.end()));
  return took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0;
}

test('writes go on at their pace while maintenance runs, and stand still under a plain REINDEX', async () => {
  const url = await server.createDatabase('busy');
  await run(
    url,
    'CREATE TABLE busy (id int PRIMARY KEY, v int, t text)',
    "INSERT INTO busy SELECT i, 0, repeat('x', 60) FROM generate_series(1, 400000) i",
    'CREATE INDEX ON busy (v); CREATE INDEX ON busy (t, id)',
    'DELETE FROM busy WHERE id % 20 NOT IN (0, 1, 2, 3, 4, 5)',
  );
  const quiet = await p99(url, () => new Promise((resolve) => setTimeout(resolve, 2_000)));
  const naive = await p99(url, () => run(url, 'REINDEX TABLE busy'));
  await run(url, 'DELETE FROM busy WHERE id % 20 > 1');
  const maintained = await p99(url, async () => {
    const { status, actions } = await maintain(url, ['vacuum', 'reindex', 'analyze'], { lockTimeout: 2_000 });
    expect(status).toBe('done');
    expect(actions.filter(({ task }) => task === 'reindex').length).toBeGreaterThan(0);
  });
  expect(maintained).toBeLessThan(naive);
  expect(maintained).toBeLessThan(1.5 * quiet + NOISE);
}, 90_000);
