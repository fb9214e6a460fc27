import { timingSafeEqual } from 'node:crypto';
import { listen, readBody, sendJson } from './listen.mjs';

/**
 * Where the site switches faults that live in the runner.
 * @param {{ token: string, onFault: (fault: string, on: boolean) => void }} options
 */
export function startControl({ token, onFault }) {
  const expected = Buffer.from(`Bearer ${token}`);
  const mayCall = (header = '') => {
    const given = Buffer.from(header);
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  return listen(async (request, response) => {
    if (!mayCall(request.headers.authorization)) {
      request.resume();
      return sendJson(response, 401, { error: 'wrong token' });
    }
    try {
      const { fault, on } = JSON.parse(await readBody(request));
      onFault(fault, on === true);
      sendJson(response, 200, { fault, on: on === true });
    } catch (error) {
      sendJson(response, 400, { error: error.message });
    }
  });
}
