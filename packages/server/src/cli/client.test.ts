import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { readSettings } from '../config/settings.ts';
import { openClient } from './client.ts';

const TOKEN = 'a token of the tests';
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function clientOf(answer: RequestListener, signOfLife = 30_000) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const settings = { ...readSettings({}), adminToken: TOKEN };
  return openClient(settings, `http://127.0.0.1:${port}/`, { askAfter: 20, signOfLife });
}

const silent: [what: string, answer: RequestListener][] = [
  ['that says nothing at all', () => undefined],
  ['that stops within an answer', (_request, response) => void response.writeHead(200).write('{"items": [')],
];

test.each(silent)(
  'a platform %s is waited for as long as it gives signs of life, and no longer',
  async (_what, answer) => {
    let looks = 0;
    const client = await clientOf((request, response) => {
      if (request.url !== '/livez') answer(request, response);
      else if (++looks <= 3) response.end('ok');
    }, 300);
    const hangs = { code: 'platform_unreachable', message: expect.stringContaining('hangs') };
    await expect(client.get('/api/v1/alerts')).rejects.toMatchObject(hangs);
    expect(looks).toBe(4);
  },
);

test('an answer that takes long is waited for while the platform lives, whatever a proxy says of the sign of it', async () => {
  let looks = 0;
  let answer = () => {};
  const client = await clientOf((request, response) => {
    if (request.url !== '/livez') answer = () => response.end('{"done": true}');
    else if (++looks < 5) response.writeHead(404).end();
    else answer();
  });
  expect(await client.post('/api/v1/reports', {})).toEqual({ done: true });
  expect(looks).toBe(5);
});

test('where nothing listens, it is said that a platform has to be started', async () => {
  const client = await clientOf(() => undefined);
  const [server] = servers.splice(0) as [Server];
  server.close();
  await once(server, 'close');
  await expect(client.get('/api/v1/alerts')).rejects.toMatchObject({
    code: 'platform_unreachable',
    message: `No platform answers at ${client.url} (ECONNREFUSED).`,
    hint: expect.stringContaining('yumops start'),
  });
});
