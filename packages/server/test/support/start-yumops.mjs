import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { seedPlatform } from './engine-templates.mjs';

export const BIN = join(import.meta.dirname, '..', '..', 'bin', 'yumops.js');

/** Starts the built platform in a process of its own, and waits until it serves. */
export async function startYumops({ folder, env }) {
  if (env.YUMOPS_DATA !== undefined) await seedPlatform(env.YUMOPS_DATA, env);
  const child = spawn(process.execPath, [BIN, 'start', '--port', '0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    process.stderr.write(chunk);
    said = (said + chunk).slice(-4_000);
  });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready:')) resolve(line.slice(6).trim());
    });
  });
  const url = await Promise.race([
    ready,
    ended.then((how) => {
      throw new Error(`yumops start ended with ${how}: ${said}`);
    }),
  ]);
  return {
    ...{ child, url },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
