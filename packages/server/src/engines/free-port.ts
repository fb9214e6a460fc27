import { once } from 'node:events';
import { createServer } from 'node:net';
import { codeOf } from '../lib/errors.ts';
import { random } from '../lib/random.ts';

/**
 * Below every system's ephemeral range (Linux from 32768, IANA from 49152), from which any program's connections and
 * `listen(0)` draw, and above the ports that browsers refuse: nobody takes such a port by chance before it is used.
 */
const LOWEST = 10_240;
const HIGHEST = 32_767;

/**
 * A TCP port of the loopback address that nobody uses at this moment, and that no program is handed by the system.
 * @throws the system's refusal to listen, but that the port is in use
 */
export async function freePort(): Promise<number> {
  const port = LOWEST + Math.floor(random() * (HIGHEST - LOWEST + 1));
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return freePort();
    throw error;
  }
  server.close();
  await once(server, 'close');
  return port;
}
