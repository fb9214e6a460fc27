import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const APP = fileURLToPath(new URL('../..', import.meta.url));
const NEXT = join(dirname(createRequire(import.meta.url).resolve('next/package.json')), 'dist', 'bin', 'next');
const STOP_WITH_PARENT = new URL('./stop-with-parent.mjs', import.meta.url).href;

/** Small enough for a laptop that runs the platform beside it. With 192 MB it could end where the machine has several times its load. */
const HEAP_MB = 256;
const KEPT_LINES = 40;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/**
 * Runs `next start` in a process of its own and starts it again when it dies.
 * @param {{ port: number, env: Record<string, string>, log: (line: string) => void, onRestart: () => void }} options
 */
export async function startSite({ port, env, log, onRestart }) {
  const url = `http://127.0.0.1:${port}`;
  let stopping = false;
  let child = launch(port, env);

  const watch = (running) =>
    running.process.once('exit', async (code, signal) => {
      if (stopping) return;
      log(`the site ended unexpectedly (${signal ?? code}); its last lines:\n${running.lastLines.join('\n')}`);
      await sleep(1000);
      if (stopping) return;
      child = launch(port, env);
      watch(child);
      onRestart();
    });
  const stop = async () => {
    stopping = true;
    await end(child.process);
  };
  try {
    await waitUntilServing(url, child.process);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}; its last lines:\n${child.lastLines.join('\n')}`);
  }
  watch(child);
  return { url, stop, pid: () => child.process.pid };
}

/** @param {number} port @param {Record<string, string>} env */
function launch(port, env) {
  const limits = [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=4'];
  const next = [NEXT, 'start', APP, '-H', '127.0.0.1', '-p', String(port)];
  const child = spawn(process.execPath, [...limits, '--import', STOP_WITH_PARENT, ...next], {
    cwd: APP,
    // A group of its own: Ctrl-C reaches the runner alone, which stops things in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      // glibc keeps freed memory in as many arenas as there are threads: 70 MB less with two.
      MALLOC_ARENA_MAX: '2',
      YUMZOOM_PARENT_PID: String(process.pid),
      ...env,
    },
  });
  const lastLines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > KEPT_LINES) lastLines.shift();
    });
  }
  return { process: child, lastLines };
}

/** @param {string} url @param {import('node:child_process').ChildProcess} server */
async function waitUntilServing(url, server) {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error('the site ended while it started');
    if ((await statusOf(`${url}/api/health`)) === 200) return;
    await sleep(100);
  }
  throw new Error(`the site did not serve within ${READY_WITHIN_MS / 1000} s`);
}

/**
 * On a connection of its own: one that stayed open would hold up the server's end.
 * @param {string} url
 * @returns {Promise<number | undefined>}
 */
function statusOf(url) {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}
