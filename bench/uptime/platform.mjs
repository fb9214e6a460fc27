import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../packages/server/dist/cli/bin.js', import.meta.url));

/** Opens the API of a platform in a benchmark. */
export const TOKEN = 'bench-uptime-admin-token';

/** Starts the whole platform over monitors; resolves when it serves. @param more further sections of the configuration */
export async function startPlatform(folder, monitors, more = {}) {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const lines = monitors.map((monitor) => `  - ${JSON.stringify(monitor)}`);
  const sections = Object.entries(more).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  await writeFile(join(folder, 'yumops.yml'), `monitors:\n${lines.join('\n')}\n${sections.join('')}`);
  const env = {
    ...process.env,
    YUMOPS_DATA: join(folder, 'data'),
    YUMOPS_CONFIG: join(folder, 'yumops.yml'),
    YUMOPS_ADMIN_TOKEN: TOKEN,
  };
  const child = spawn(process.execPath, [BIN, 'start', '--port', '0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const url = await Promise.race([
    new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('ready:')) resolve(line.slice('ready:'.length).trim());
      });
    }),
    exited.then(([code]) => Promise.reject(new Error(`the platform ended with ${code}`))),
  ]);
  return {
    pid: child.pid,
    url,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
