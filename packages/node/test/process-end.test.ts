import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingServer, until } from '../src/testing/recording-server.ts';

const SDK = resolve(import.meta.dirname, '../dist/index.js');

let yumops: RecordingServer;
const children: ChildProcess[] = [];

beforeEach(async () => {
  yumops = await new RecordingServer().listen();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
  await yumops.close();
});

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a program that has `logger` and `start`; a long interval makes sure that only the end delivers. */
function program(body: string, url = yumops.url) {
  const text = `import { configure, logger } from ${JSON.stringify(SDK)};
    configure({ service: 'child', transport: { interval: 60_000, timeout: 1000, backoff: { base: 50, cap: 100 } } });
    const idle = () => setInterval(() => {}, 1000);
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    env: { ...process.env, YUMOPS_URL: url, YUMOPS_KEY: 'k', NODE_ENV: 'production', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const ended = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => {
    ended.stdout += part;
  });
  child.stderr.on('data', (part) => {
    ended.stderr += part;
  });
  const end = new Promise<Ended>((done) => child.once('close', (code, signal) => done({ code, signal, ...ended })));
  return { child, end, output: () => ended };
}

const LINES = 'for (let n = 0; n < 500; n++) logger.info("line", { n });';
const sent = () => yumops.records.filter((record) => record['message'] === 'line').map((record) => record['n']);
const ALL = Array.from({ length: 500 }, (_, n) => n);
const printed = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('nothing is lost', () => {
  it.each([
    ['when the program has nothing more to do', '', 0, null],
    ['at process.exit', 'process.exit(7);', 7, null],
    ['at process.exit with a batch under way', 'logger.flush(); setImmediate(() => process.exit(3));', 3, null],
    ['at a signal of its own', 'process.kill(process.pid, "SIGTERM"); idle();', null, 'SIGTERM'],
    [
      'with a listener that exits at once',
      'process.on("SIGTERM", () => process.exit(5)); process.kill(process.pid, "SIGTERM"); idle();',
      5,
      null,
    ],
  ] as const)('%s', async (_name, ending, code, signal) => {
    const result = await program(`${LINES}\n${ending}`).end;
    expect([result.code, result.signal]).toEqual([code, signal]);
    expect(sent()).toEqual(ALL);
    expect(printed(result.stdout).map((record) => record['n'])).toEqual(ALL);
    expect(result.stderr).toBe('');
  });

  it('at SIGTERM from outside', async () => {
    const { child, end, output } = program(`${LINES}\nidle();`);
    await until(() => output().stdout.includes('"n":499'));
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(sent()).toEqual(ALL);
  });
});

describe('an exception that nobody catches', () => {
  it.each([
    ['thrown', 'setTimeout(() => { throw new Error("the end"); }, 5);'],
    ['rejected', 'Promise.reject(new Error("the end"));'],
  ])('%s: is recorded, delivered, and still ends the process as before', async (_name, failure) => {
    const result = await program(`${LINES}\n${failure}\nidle();`).end;
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('Error: the end');
    expect(result.stderr).toContain('Node.js v');
    expect(sent()).toEqual(ALL);
    expect(yumops.records.find((record) => record['level'] === 'fatal')).toMatchObject({
      message: 'Uncaught exception',
      error: { message: 'the end' },
      service: 'child',
    });
    expect(printed(result.stdout).at(-1)).toMatchObject({ level: 'fatal' });
  });

  it('is left to listeners of the application', async () => {
    const result =
      await program(`process.on('uncaughtException', (error) => { logger.info('handled ' + error.message); setTimeout(() => process.exit(0), 50); });
      setTimeout(() => { throw new Error('mine'); }, 5); idle();`).end;
    expect(result.code).toBe(0);
    expect(yumops.records.map((record) => record['message'])).toContain('handled mine');
  });
});

describe('when YumOps is away', () => {
  it('the process still ends soon, and says what was lost', async () => {
    const startedAt = performance.now();
    const result = await program(`${LINES}\nprocess.kill(process.pid, 'SIGTERM'); idle();`, 'http://127.0.0.1:9').end;
    expect(result.signal).toBe('SIGTERM');
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(printed(result.stdout)).toHaveLength(500);
    expect(result.stderr).toBe('[yumops] 500 records could not be delivered before the process ended\n');
  });

  it('a second signal ends it at once', async () => {
    yumops.script = () => 'hang';
    const { child, end, output } = program(`${LINES}\nidle();`);
    await until(() => output().stdout.includes('"n":499'));
    child.kill('SIGTERM');
    await until(() => yumops.batches.length > 0);
    const startedAt = performance.now();
    child.kill('SIGTERM');
    expect((await end).signal).toBe('SIGTERM');
    // The first alone would have waited for 3 s.
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

it('works without an endpoint, with one warning', async () => {
  const result = await program(`${LINES}\nlogger.info('line', { n: 500 });`, '').end;
  expect(result.code).toBe(0);
  expect(printed(result.stdout)).toHaveLength(501);
  expect(result.stderr).toBe('[yumops] YUMOPS_URL is not set: records stay on stdout\n');
});

it('keeps the program alive no longer than its own work', async () => {
  const startedAt = performance.now();
  await program(`logger.info('one');`).end;
  // Its next delivery would be due after a minute.
  expect(performance.now() - startedAt).toBeLessThan(30_000);
});
