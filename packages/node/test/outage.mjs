import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./outage-program.mjs', import.meta.url));
const MB = 1_048_576;

/** Makes a server one that can be taken away and brought back, on one port. @param {import('node:http').Server} server */
export async function backendOf(server) {
  const backend = {
    listen: (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await backend.listen(0);
  const { port } = server.address();
  await backend.close();
  return { backend, port };
}

/**
 * Lets an application write lines to a backend, takes the backend away while it goes on, and brings it back.
 * @param options.entry module of the SDK
 * @param options.port where the backend is
 * @param options.rate lines a second
 * @param options.upSeconds seconds with the backend, which show what the application takes anyway
 * @param options.downSeconds seconds without it
 * @param options.settled resolves when the backend has heard all that it waits for; the application goes on sending
 * @param options.backend starts and stops it; it is stopped before the first call of `listen`
 */
export async function runOutage(options) {
  const { entry, port, rate, upSeconds, downSeconds, backend, settled = async () => undefined } = options;
  await backend.listen(port);
  const child = fork(PROGRAM, [entry, String(rate), String(upSeconds), String(downSeconds)], {
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
  const ended = once(child, 'exit');
  const heard = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(([code, signal]) => {
        throw new Error(`the application ended with ${signal ?? code}: ${stderr}`);
      }),
    ]);
    return message;
  };
  try {
    await heard();
    await backend.close();
    child.send('it is away');
    const figures = await heard();
    await backend.listen(port);
    child.send('it is back');
    await heard();
    await settled();
    child.send('go');
    await ended;
    const { written, seconds, atRest, up, down } = figures;
    return {
      written,
      seconds,
      stderr,
      atRestMb: atRest / MB,
      upMb: up / MB,
      downMb: down / MB,
      extraMb: (down - up) / MB,
    };
  } finally {
    child.kill('SIGKILL');
    await backend.close();
  }
}
