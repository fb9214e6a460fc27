import { spawn } from 'node:child_process';
import { root } from './root.mjs';

/**
 * Runs a program to its end and fails with its output when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{env?: Record<string, string>, show?: boolean, cwd?: string}} [options] `show` passes the output on as it comes
 * @returns {Promise<string>} what it printed
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: options.show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const text = Buffer.concat(output).toString();
      if (code === 0) resolve(text);
      else
        reject(Object.assign(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}`), { output: text }));
    });
  });
}

/**
 * Says what is being done, and how long it took when it is done.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = performance.now();
  const tty = process.stdout.isTTY;
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  process.stdout.write(tty ? `  ${title} …` : `  ${title} …\n`);
  const ticker = tty ? setInterval(() => process.stdout.write(`\r  ${title} … ${seconds()}`), 1000) : undefined;
  try {
    const result = await work();
    process.stdout.write(tty ? `\r\x1b[K  ${title} (${seconds()})\n` : `  ${title}: done in ${seconds()}\n`);
    return result;
  } catch (error) {
    process.stdout.write(tty ? `\r\x1b[K  ${title}: failed\n` : `  ${title}: failed\n`);
    throw error;
  } finally {
    clearInterval(ticker);
  }
}
