// Runs what deploy/Dockerfile puts into the image, without Docker: its packages, its files and its environment in a folder
// that cannot be written, as an ordinary user where this runs as root.
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../packages/server/dist/engines/free-port.js';
import { root } from '../lib/root.mjs';

// The image makes a user of its own; Postgres wants one that the system knows, so here it is one that every system has.
const USER = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
const file = readFileSync(join(root, 'deploy', 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const [, , packages, last] = file.split(/^FROM /m);
const isRoot = process.getuid() === 0;
const folder = mkdtempSync(join(tmpdir(), 'yumops-image-'));
const app = join(folder, 'app');
const state = join(folder, 'state');
const started = performance.now();
const say = (text) => console.log(`${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${text}`);

/** Copies what a COPY line names from the folder of the repository, which is built, into the tree. */
function copy(line) {
  const words = line.split(/\s+/).filter((word) => !word.startsWith('--'));
  const to = words.pop();
  for (const from of words.map((word) => word.replace(/^\/src\//, ''))) {
    const name = from.split('/').at(-1);
    // As Docker does: a file goes into a folder, what is in a folder goes into it.
    const target = statSync(join(root, from)).isDirectory() ? join(app, to) : join(app, to, name);
    cpSync(join(root, from), target, { recursive: true });
  }
}

function linesOf(stage, instruction) {
  return [...stage.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, rest]) => rest.trim());
}

function environment() {
  const set = linesOf(last, 'ENV').flatMap((line) =>
    line
      .trim()
      .split(/\s+/)
      .map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
  );
  return Object.fromEntries(set);
}

async function main() {
  chmodSync(folder, 0o755);
  mkdirSync(app);
  for (const line of linesOf(packages, 'COPY')) copy(line);
  const [install] = linesOf(packages, 'RUN').filter((line) => line.startsWith('npm ci'));
  say(`${install} --prefer-offline`);
  execFileSync('npm', [...install.split(' ').slice(1), '--prefer-offline', '--loglevel=error'], {
    cwd: app,
    stdio: 'inherit',
  });
  for (const line of linesOf(last, 'COPY')) if (line.startsWith('--from=build')) copy(line);
  say('sealed: nobody may write');
  execFileSync('chmod', ['-R', 'a+rX,a-w', app]);
  mkdirSync(join(folder, 'config'));
  writeFileSync(join(folder, 'config', 'yumops.yml'), 'service: image\n');
  mkdirSync(state, { mode: 0o711 });
  mkdirSync(join(folder, 'tmp'), { mode: 0o777 });
  if (isRoot) for (const path of [state, join(folder, 'tmp')]) chownSync(path, USER, USER);

  const port = await freePort();
  const env = {
    ...environment(),
    ...{ PATH: process.env.PATH, HOME: state, TMPDIR: join(folder, 'tmp') },
    ...{ YUMOPS_CONFIG: join(folder, 'config'), YUMOPS_DATA: join(state, 'data'), YUMOPS_PORT: String(port) },
    YUMOPS_HOST: '127.0.0.1',
  };
  const entry = JSON.parse(linesOf(last, 'ENTRYPOINT')[0]);
  const command = JSON.parse(linesOf(last, 'CMD').at(-1));
  const child = spawn(process.execPath, [...entry.slice(1), ...command], {
    ...{ cwd: app, env, stdio: ['ignore', 'pipe', 'inherit'] },
    ...(isRoot ? { uid: USER, gid: USER } : {}),
  });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('ready:') && resolve(true));
  });
  try {
    if ((await Promise.race([ready, ended])) !== true) throw new Error('it ended before it served');
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    say(`/readyz ${answer.status} as user ${isRoot ? USER : process.getuid()}`);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    say(`console ${page.status}`);
    const check = linesOf(last, 'HEALTHCHECK')[0].match(/CMD (\[.*\])$/)[1];
    execFileSync(process.execPath, JSON.parse(check).slice(1), { env: { ...env, YUMOPS_PORT: String(port) } });
    say('the health check of the image agrees');
    const written = execFileSync('find', [app, '-newer', join(folder, 'config', 'yumops.yml')], { encoding: 'utf8' });
    if (answer.status !== 200 || page.status !== 200) throw new Error('it does not serve');
    if (written.trim() !== '') throw new Error(`the tree was written to: ${written}`);
  } finally {
    child.kill('SIGTERM');
    say(`ended with ${await ended}`);
  }
}

try {
  await main();
  const size = execFileSync('du', ['-sm', app], { encoding: 'utf8' }).split('\t')[0];
  say(`the tree has ${size} MB`);
  console.log('passed');
} finally {
  execFileSync('chmod', ['-R', 'u+w', folder]);
  rmSync(folder, { recursive: true, force: true });
}
