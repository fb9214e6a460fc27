import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { buildConsole, buildExample, buildPackages } from './lib/build-steps.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { reportFailure } from './lib/report-failure.mjs';
import { root } from './lib/root.mjs';
import { run } from './lib/run.mjs';

const surplus = process.argv.slice(2).filter((word) => word !== '--no-example');
if (surplus.length > 0) {
  console.error(`npm start does not take ${surplus.join(' ')}. It takes \`npm start -- --no-example\`.`);
  process.exit(2);
}
const withExample = !process.argv.includes('--no-example');
const port = process.env.YUMOPS_PORT ?? '4600';
const ingestKey = process.env.YUMOPS_INGEST_KEY ?? randomBytes(16).toString('hex');
const data = process.env.YUMOPS_DATA ?? join(root, '.yumops');
const exampleData = resolve(data, 'yumzoom');

/** @type {Map<string, import('node:child_process').ChildProcess>} */
const children = new Map();
let serves = false;
let stopping = false;
let stoppingSince = 0;

function isFree(candidate) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(candidate, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function freePort(preferred) {
  for (let candidate = preferred; candidate < preferred + 50; candidate++) {
    if (await isFree(candidate)) return candidate;
  }
  throw new Error(`Every port from ${preferred} to ${preferred + 49} is taken.`);
}

/** Starts a part and resolves with the rest of the line that begins with `mark`; other lines are passed on. */
function startPart(name, args, env, mark) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      // A part whose channel closes knows that this process is gone, and stops.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      detached: true,
    });
    children.set(name, child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith(mark)) resolve(line.slice(mark.length).trim());
      else console.log(line);
    });
    child.once('exit', (code, signal) => {
      children.delete(name);
      if (stopping) return;
      const ended = `${name} ended with ${signal ?? `exit code ${code}`}.`;
      console.error(serves ? `${ended} Everything stops; what was acknowledged is kept.` : ended);
      reject(new Error(ended));
      stop(code || 1);
    });
  });
}

/** npm passes a signal on that the terminal has sent already: within this time it is the same request. */
const SAME_REQUEST_MS = 1_000;

/** Asks every part to stop, the site before the platform that takes its last lines, and leaves when all have gone. A second request does not wait. */
async function stop(code) {
  if (stopping) {
    if (performance.now() - stoppingSince < SAME_REQUEST_MS) return;
    for (const child of children.values()) process.kill(-child.pid, 'SIGKILL');
    process.exit(code);
  }
  stopping = true;
  stoppingSince = performance.now();
  for (const child of children.values()) {
    await new Promise((resolve) => {
      child.once('exit', resolve);
      if (!child.kill('SIGTERM')) resolve();
    });
  }
  process.exit(code);
}

process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));
// npm starts this through a shell, which ends at a signal without passing it on.
if (process.env.npm_lifecycle_event === 'start') {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    stop(0);
  }, 500).unref();
}

async function startPlatform(examplePort) {
  const args = ['packages/server/bin/yumops.js', 'start', '--data', data, '--port', port];
  const env = { YUMOPS_INGEST_KEY: ingestKey };
  if (withExample) {
    args.push('--config', process.env.YUMOPS_CONFIG ?? 'examples/yumzoom', '--demo-inbox');
    env.YUMZOOM_URL = `http://127.0.0.1:${examplePort}`;
    env.YUMZOOM_DATA = exampleData;
  }
  return startPart('YumOps', args, env, 'ready:');
}

async function startExample(examplePort) {
  const env = {
    YUMOPS_URL: `http://127.0.0.1:${port}`,
    YUMOPS_KEY: ingestKey,
    PORT: String(examplePort),
    YUMZOOM_DATA: exampleData,
    YUMZOOM_FAULTS: '1',
  };
  return startPart('YumZoom', ['examples/yumzoom/scripts/start.mjs'], env, 'yumzoom ready:');
}

/** As a deploy would: errors of the site's pages are shown as they were written. Without maps it runs as well. */
async function uploadSourceMaps() {
  const maps = 'examples/yumzoom/.next/source-maps';
  const args = ['packages/server/bin/yumops.js', 'sourcemaps', 'upload', maps, '--data', data, '--port', port];
  await run(process.execPath, args).catch(({ message, output }) => {
    console.error(`The source maps of YumZoom could not be uploaded: ${output || message}`);
  });
}

try {
  const started = performance.now();
  await ensureInstalled();
  await buildPackages();
  await buildConsole();
  const examplePort = withExample ? await freePort(Number(process.env.YUMZOOM_PORT ?? 3000)) : 0;
  if (withExample) await buildExample();
  // The site comes first, so that the monitors find it; what it logs meanwhile waits in its SDK.
  const exampleUrl = withExample && (await startExample(examplePort));
  const yumopsUrl = await startPlatform(examplePort);
  if (withExample) await uploadSourceMaps();
  if (exampleUrl) console.log(`  YumZoom    ${exampleUrl}   (break things: ${exampleUrl}/ops/faults)`);
  serves = true;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`ready: ${yumopsUrl} after ${seconds} s. Ctrl-C stops everything.`);
} catch (error) {
  if (!stopping) reportFailure(error);
}
