import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./outage-program.mjs', import.meta.url));

/**
 * Lets an application write lines while its backend is down, then brings the backend back.
 * @param options.entry module of the SDK
 * @param options.port where the backend is, once it is back
 * @param options.comeBack starts the backend; gives the records that it got, and how many losses it was told of, when asked
 */
export async function runOutage({ entry, port, rate, seconds, comeBack }) {
  const child = fork(PROGRAM, [entry, String(rate), String(seconds)], {
    execArgv: ['--expose-gc'],
    env: {
      ...process.env,
      YUMOPS_URL: `http://127.0.0.1:${port}`,
      YUMOPS_KEY: 'k',
      YUMOPS_SERVICE: 'outage',
      NODE_ENV: 'production',
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  try {
    const [figures] = await once(child, 'message');
    await comeBack();
    child.send('back');
    await once(child, 'message');
    await once(child, 'exit');
    return { ...figures, stderr, extraMb: (figures.peak - figures.before) / 1_048_576 };
  } finally {
    child.kill('SIGKILL');
  }
}
