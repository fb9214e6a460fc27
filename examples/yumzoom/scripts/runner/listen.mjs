import { createServer } from 'node:http';

/**
 * Serves `answer` on a free port of 127.0.0.1.
 * @param {import('node:http').RequestListener} answer
 * @returns {Promise<{ url: string, close(): void }>}
 */
export async function listen(answer) {
  const server = createServer(answer);
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @param {import('node:http').IncomingMessage} request @returns {Promise<string>} at most 64 KB */
export async function readBody(request) {
  let body = '';
  for await (const part of request.setEncoding('utf8')) {
    body += part;
    if (body.length > 65_536) throw new Error('the body is too large');
  }
  return body;
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {unknown} body
 */
export function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
