import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PLATFORM = fileURLToPath(new URL('./ingest-platform.mjs', import.meta.url));

/**
 * Starts the intake over `folder`. @param death optionally a step of a batch and how many of them until it kills itself
 * @returns undefined when it killed itself before it served
 */
export async function startPlatform(folder, death = []) {
  const child = fork(PLATFORM, [folder, ...death.map(String)], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const exited = once(child, 'exit');
  const ready = once(child, 'message').then(([message]) => message);
  const first = await Promise.race([ready, exited.then(() => undefined)]);
  if (!first) {
    // A planned death may come before the platform serves, while it sends again what was journalled.
    if (death.length > 0 && child.signalCode === 'SIGKILL') return undefined;
    throw new Error(`The platform did not start: ${complaints}`);
  }
  return { child, exited, complaints: () => complaints, ...first };
}
