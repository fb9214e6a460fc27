import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../packages/server/dist/cli/bin.js', import.meta.url));

/** Starts the whole platform over monitors; resolves when it serves. */
export async function startPlatform(folder, monitors) {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const lines = monitors.map((monitor) => `  - ${JSON.stringify(monitor)}`);
  await writeFile(join(folder, 'yumops.yml'), `monitors:\n${lines.join('\n')}\n`);
  const env = { ...process.env, YUMOPS_DATA: join(folder, 'data'), YUMOPS_CONFIG: join(folder, 'yumops.yml') };
  const child = spawn(process.execPath, [BIN, 'start', '--port', '0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await Promise.race([
    new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('ready:') && resolve());
    }),
    exited.then(([code]) => Promise.reject(new Error(`the platform ended with ${code}`))),
  ]);
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
