import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BIN = join(import.meta.dirname, '..', 'bin', 'yumops.js');
const TOKEN = 'platform-test-admin-token';
const KEY = '0123456789abcdef0123456789abcdef';

let folder: string;
let data: string;
let platform: { child: ChildProcess; url: string; login: string };

const env = () => ({ ...process.env, YUMOPS_DATA: data, YUMOPS_ADMIN_TOKEN: TOKEN, YUMOPS_INGEST_KEY: KEY });

/** Runs a command to its end. */
async function yumops(args: string[], more: Record<string, string | undefined> = {}) {
  const options = { cwd: folder, env: { ...env(), ...more } as NodeJS.ProcessEnv };
  return promisify(execFile)(process.execPath, [BIN, ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

function start(): Promise<typeof platform> {
  const child = spawn(process.execPath, [BIN, 'start', '--port', '0'], {
    cwd: folder,
    env: env(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let login = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`yumops start ended with ${signal ?? code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      login = /Sign in\s+(\S+)/.exec(line)?.[1] ?? login;
      if (line.startsWith('ready:')) resolve({ child, url: line.slice(6).trim(), login });
    });
  });
}

function stop(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  child.removeAllListeners('exit');
  const gone = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  child.kill('SIGTERM');
  return gone;
}

const get = (path: string, headers: Record<string, string> = {}) => fetch(platform.url + path, { headers });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yumops-platform-'));
  await chmod(folder, 0o755);
  data = join(folder, 'data');
  platform = await start();
});

afterAll(async () => {
  await stop(platform.child);
  await rm(folder, { recursive: true, force: true });
});

describe('what needs no login', () => {
  test('readiness, liveness and the console with its policy', async () => {
    expect((await get('/readyz')).status).toBe(200);
    expect(await (await get('/livez')).json()).toEqual({ status: 'healthy' });
    const page = await get('/logs?q=level:error');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect((await fetch(`${platform.url}/`, { method: 'HEAD' })).status).toBe(200);
  });

  test('an unknown path of the API is a 404 in JSON', async () => {
    const answer = await get('/api/v1/nothing');
    expect(answer.status).toBe(404);
    const hint = '/api/openapi.json lists the routes.';
    expect(await answer.json()).toEqual({
      error: { code: 'not_found', message: 'There is no GET /api/v1/nothing.', hint },
    });
  });

  test.each(['/api', '/assets/index-of-an-earlier-release.js'])('%s is no page of the console', async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe('a second start', () => {
  test('on the same data folder names the process that has it', async () => {
    const { code, stderr } = await yumops(['start', '--port', '0']);
    expect(code).toBe(1);
    expect(stderr).toContain(String(platform.child.pid));
  });

  test('on the same data folder is refused with stores elsewhere too', async () => {
    const { code, stderr } = await yumops(['start', '--port', '0'], {
      YUMOPS_STATE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
      YUMOPS_TELEMETRY_URL: 'http://127.0.0.1:1/nothing',
    });
    expect(stderr).toContain(`YumOps in ${data} is already in use by process ${platform.child.pid}.`);
    expect(code).toBe(1);
  });

  test('on a busy port says so and leaves no process', async () => {
    const other = join(folder, 'other');
    const port = new URL(platform.url).port;
    const { code, stdout } = await yumops(['start', '--port', port, '--data', other, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'port_in_use',
      message: `Port ${port} of 127.0.0.1 is in use.`,
    });
    expect(existsSync(join(other, 'run.json'))).toBe(false);
  });

  test('with a state store that is away says so and leaves no engine behind', async () => {
    const { code, stderr } = await yumops(['start', '--port', '0', '--data', join(folder, 'stateless')], {
      YUMOPS_STATE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    });
    expect(stderr).toContain('The state store cannot be reached');
    expect(code).toBe(1);
  });

  test('with a refused configuration says where it is wrong', async () => {
    await writeFile(
      join(folder, 'bad.yml'),
      'service: shop\nalert_rules:\n  - name: X\n    condition: error_rate >> 5%\n',
    );
    const { code, stderr } = await yumops([
      'start',
      '--config',
      'bad.yml',
      '--data',
      join(folder, 'third'),
      '--port',
      '0',
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/bad\.yml:3:\d+ E103/);
  });
});

describe('wrong use ends with 2 and a hint', () => {
  const cases: [string, string[], RegExp][] = [
    ['an unknown command', ['bogus'], /There is no command "bogus"/],
    ['an unknown option', ['query', '--foo', 'SELECT 1'], /no option --foo/],
    ['a missing argument', ['query'], /SQL/],
    ['a port that is none', ['monitors', '--port', 'http'], /"http" is not a port/],
    ['a missing subcommand', ['token'], /needs one of: create/],
  ];
  test.each(cases)('%s', async (_name, args, message) => {
    const { code, stderr } = await yumops(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

test('a record is found by SQL with and without a running platform, and the stop leaves nothing behind', async () => {
  const body = `${JSON.stringify({ timestamp: Date.now(), level: 'info', message: 'lifecycle' })}\n`;
  const sent = await fetch(`${platform.url}/ingest/ndjson`, { method: 'POST', headers: { 'x-yumops-key': KEY }, body });
  expect(sent.status).toBe(202);
  const sql = "SELECT count() AS n FROM application_logs WHERE message = 'lifecycle'";
  await expect
    .poll(async () => JSON.parse((await yumops(['query', sql, '--json'])).stdout).rows, { timeout: 20_000 })
    .toEqual([[1]]);

  // Whether it comes before the stop or after, it is told so by no other platform on the usual port.
  const follower = yumops(['logs', '--follow'], { YUMOPS_PORT: '1' });
  expect(await stop(platform.child)).toBe(0);
  const followed = await follower;
  expect(followed.stderr).toMatch(/The platform ended the connection|No platform answers/);
  expect(followed.stderr).not.toContain('Error:');
  expect(existsSync(join(data, 'run.json'))).toBe(false);
  const offline = await yumops(['query', sql, '--json'], { YUMOPS_ADMIN_TOKEN: undefined });
  expect(JSON.parse(offline.stdout).rows).toEqual([[1]]);

  platform = await start();
  const again = await yumops(['query', sql, '--json']);
  expect(JSON.parse(again.stdout).rows).toEqual([[1]]);
}, 120_000);
