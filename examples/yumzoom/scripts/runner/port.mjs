import { createServer } from 'node:net';

/**
 * `wanted` if it is free on 127.0.0.1, else any free port.
 * @param {number} wanted
 * @returns {Promise<number>}
 */
export async function portNear(wanted) {
  try {
    return await tryPort(wanted);
  } catch (error) {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    return await tryPort(0);
  }
}

/** @param {number} port @returns {Promise<number>} */
function tryPort(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address();
      server.close(() => resolve(taken));
    });
  });
}
