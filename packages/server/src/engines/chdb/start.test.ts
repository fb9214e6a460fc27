import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock, systemClock } from '../../lib/clock.ts';
import { createLog } from '../../lib/log.ts';
import { startOf } from '../../lib/process-identity.ts';
import { type ConnectedTelemetry, connectTelemetry } from '../../store/telemetry/index.ts';
import type { EngineHandle } from '../supervisor.ts';
import { chdbPackage } from './platform.ts';
import { startEmbeddedChdb } from './start.ts';

const log = createLog(systemClock, () => undefined);
const built = fileURLToPath(new URL('../../../dist/', import.meta.url));

let home: string;
const running: EngineHandle[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'yumops-chdb-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((engine) => engine.stop()));
  await rm(home, { recursive: true, force: true });
});

async function start(dataDir = home): Promise<EngineHandle> {
  const engine = await startEmbeddedChdb({ dataDir, clock: systemClock, log });
  running.push(engine);
  return engine;
}

async function until(condition: () => Promise<boolean> | boolean, limit = 25_000): Promise<void> {
  const end = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function answering(telemetry: ConnectedTelemetry): Promise<void> {
  return until(() =>
    telemetry.ping().then(
      () => true,
      () => false,
    ),
  );
}

test('keeps data over a restart, and starts again under the same address after a kill', async () => {
  const first = await start();
  const before = connectTelemetry(first.url);
  await before.command('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
  await before.command('INSERT INTO t VALUES (1), (2)');
  await before.close();
  await first.stop();

  const second = await start();
  const telemetry = connectTelemetry(second.url);
  const exited = new Promise((resolve) => second.onExit(resolve));
  const killed = second.pid as number;
  process.kill(killed, 'SIGKILL');
  expect(await exited).toMatchObject({ pid: killed, signal: 'SIGKILL' });
  await answering(telemetry);
  expect(second.pid).not.toBe(killed);
  expect(await telemetry.query('SELECT sum(a) AS s FROM t')).toEqual([{ s: 3 }]);
  await telemetry.close();
});

test('loses and doubles nothing when it is killed in the middle of inserts', async () => {
  const engine = await start();
  const telemetry = connectTelemetry(engine.url);
  const window = 'SETTINGS non_replicated_deduplication_window = 1000';
  await telemetry.command(`CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n ${window}`);
  await telemetry.command(`CREATE TABLE sums (k UInt8, c UInt64) ENGINE = SummingMergeTree ORDER BY k ${window}`);
  await telemetry.command('CREATE MATERIALIZED VIEW v TO sums AS SELECT 1 AS k, count() AS c FROM t GROUP BY k');
  const rowCount = 5_000;
  const batch = (b: number) =>
    Buffer.from(Array.from({ length: rowCount }, (_, i) => `{"n":${b * rowCount + i},"s":"row ${i}"}\n`).join(''));
  const insert = async (b: number): Promise<void> => {
    for (;;) {
      try {
        return await telemetry.insert('t', batch(b), { token: `batch ${b}`, rowCount });
      } catch (error) {
        expect(error).toMatchObject({ code: 'telemetry_unavailable' });
        await answering(telemetry);
      }
    }
  };
  let killed = 0;
  for (let b = 0; b < 24; b += 2) {
    const both = Promise.all([insert(b), insert(b + 1)]);
    if (b % 6 === 4 && engine.pid !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5 + b));
      process.kill(engine.pid, 'SIGKILL');
      killed++;
    }
    await both;
  }
  expect(killed).toBe(4);
  await answering(telemetry);
  expect(await telemetry.query('SELECT count() AS c, uniqExact(n) AS u FROM t')).toEqual([
    { c: 24 * rowCount, u: 24 * rowCount },
  ]);
  expect(await telemetry.query('SELECT sum(c) AS n FROM sums')).toEqual([{ n: 24 * rowCount }]);
  await telemetry.close();
});

test('takes a batch again whose token was noted, but whose rows were not put in place', async () => {
  const first = await start();
  const before = connectTelemetry(first.url);
  await before.command(
    'CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100',
  );
  const batch = (n: number) => [Buffer.from(`{"n":${n}}\n`), { token: `batch ${n}`, rowCount: 1 }] as const;
  await before.insert('t', ...batch(1));
  await before.insert('t', ...batch(2));
  const [part] = await before.query<{ path: string }>(
    "SELECT path FROM system.parts WHERE table = 't' AND active AND min_block_number = 2",
  );
  await before.close();
  await first.stop();
  // What a kill leaves between the note and the move of the part.
  await rm(part?.path as string, { recursive: true });

  const second = await start();
  const telemetry = connectTelemetry(second.url);
  for (const n of [1, 2, 2]) await telemetry.insert('t', ...batch(n));
  expect(await telemetry.query('SELECT n FROM t ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  await telemetry.close();
});

test('leaves an engine alone that answers, and replaces one that hangs', { timeout: 120_000 }, async () => {
  const clock = new FakeClock();
  const engine = await startEmbeddedChdb({ dataDir: home, clock, log });
  running.push(engine);
  const first = engine.pid as number;
  const telemetry = connectTelemetry(engine.url);
  for (let i = 0; i < 24; i++) {
    await clock.advance(5_000);
    // The clock stands until the engine has answered: a slow machine does not make it hang.
    await telemetry.ping();
  }
  expect(engine.pid).toBe(first);
  let gone = false;
  engine.onExit(() => {
    gone = true;
  });
  process.kill(first, 'SIGSTOP');
  await until(async () => {
    await clock.advance(5_000);
    return gone;
  });
  expect(startOf(first)).toBeUndefined();
  // The pause before the first restart; the start itself may take as long as it takes.
  await clock.advance(1_000);
  await until(() => engine.pid !== undefined, 60_000);
  await telemetry.ping();
  await telemetry.close();
});

test('refuses a second engine on the same folder and names the first', async () => {
  await start();
  await expect(start()).rejects.toMatchObject({
    code: 'engine_in_use',
    message: expect.stringContaining(`${process.pid}`),
  });
});

test('ends with the process that started it, however that ends', async () => {
  const script = `
    import { startEmbeddedChdb } from '${built}engines/index.js';
    import { FakeClock, systemClock } from '${built}lib/clock.js';
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const engine = await startEmbeddedChdb({ dataDir: process.env.FOLDER, clock: systemClock, log });
    console.log(engine.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, FOLDER: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  expect(startOf(pid)).toBeDefined();
  parent.kill('SIGKILL');
  await until(() => startOf(pid) === undefined);
  await start();
});

test.runIf(process.getuid?.() === 0)('gives root up for good', async () => {
  const engine = await start();
  const status = readFileSync(`/proc/${engine.pid}/status`, 'utf8');
  const ids = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/);
  expect(new Set([...(ids('Uid') ?? ['0']), ...(ids('Gid') ?? ['0'])])).not.toContain('0');
  expect(ids('CapEff')).toEqual(['0000000000000000']);
  const secret = join(home, 'secret');
  await writeFile(secret, 'sesame', { mode: 0o600 });
  const telemetry = connectTelemetry(engine.url);
  await expect(telemetry.query('SELECT file({path:String})', { path: secret })).rejects.toThrow(
    /CANNOT_OPEN_FILE|Permission denied/,
  );
  await telemetry.close();
});

test.each([
  [{ platform: 'linux', arch: 'x64', glibc: false }, 'musl'],
  [{ platform: 'win32', arch: 'x64', glibc: false }, 'win32-x64'],
  [{ platform: 'linux', arch: 'riscv64', glibc: true }, 'riscv64'],
])('says what to do where chDB has no build: %j', (runtime, named) => {
  expect(() => chdbPackage(runtime)).toThrow(named);
  try {
    chdbPackage(runtime);
  } catch (error) {
    expect(error).toMatchObject({
      code: 'telemetry_engine_unavailable',
      hint: expect.stringContaining('YUMOPS_TELEMETRY_URL'),
    });
  }
});
