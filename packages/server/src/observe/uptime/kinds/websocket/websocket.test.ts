import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { checkOnce } from '../../testing/monitors.ts';
import { listen, type Running, serveHttp, serveTcp } from '../../testing/servers.ts';
import { encodeFrame, OPCODE, takeFrame } from './frame.ts';

const servers: Running[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function serveWebsocket(onSocket: (socket: WebSocket) => void): Promise<string> {
  const http = createServer();
  new WebSocketServer({ server: http, path: '/live' }).on('connection', (socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  const server = await listen(http, 'ws://127.0.0.1');
  servers.push(server);
  return `${server.url}/live`;
}

const check = (url: string, keys: Record<string, unknown> = {}) =>
  checkOnce({ kind: 'websocket', url, timeout: '3s', ...keys });

test('a WebSocket that opens is up, and is closed as the protocol asks', async () => {
  let closedWith: (code: number) => void;
  const closed = new Promise<number>((resolve) => {
    closedWith = resolve;
  });
  const url = await serveWebsocket((socket) => socket.on('close', (code) => closedWith(code)));
  expect(await check(url)).toMatchObject({ verdict: 'up', reason: null, phases: { tls: null } });
  expect(await closed).toBe(1000);
});

test('what comes is read whatever its length, pings are answered on the way', async () => {
  const url = await serveWebsocket((socket) => {
    socket.send('welcome');
    socket.ping();
    socket.on('pong', () => socket.send(`${'x'.repeat(70_000)} pong`));
  });
  expect(await check(url, { expect: 'x pong' })).toMatchObject({ verdict: 'up' });
});

test('what is sent arrives, and a message in pieces is put together', async () => {
  const url = await serveWebsocket((socket) =>
    socket.on('message', (message) => {
      socket.send(`you said ${String(message).slice(0, 4)}: po`, { fin: false });
      socket.send('ng');
    }),
  );
  expect(await check(url, { send: `ping${'!'.repeat(300)}`, expect: 'ping: pong' })).toMatchObject({ verdict: 'up' });
});

test.each<[string, (socket: WebSocket) => void, string]>([
  [
    'a server that closes',
    (socket) => socket.close(1008, 'who are you'),
    'Expected the message "pong", but the server closed the WebSocket with 1008 "who are you"; it said nothing.',
  ],
  [
    'a server that says something else',
    (socket) => {
      socket.send('nope');
      socket.close();
    },
    'Expected the message "pong", but the server closed the WebSocket with 1005; its last message was "nope".',
  ],
  ['a server that breaks off', (socket) => socket.terminate(), 'The server closed the connection before it answered.'],
  ['a silent server', () => undefined, 'Timed out after 3 s while waiting for the first byte of the answer.'],
])('%s is down', async (_what, onSocket, reason) => {
  expect(await check(await serveWebsocket(onSocket), { send: 'ping', expect: 'pong' })).toMatchObject({
    verdict: 'down',
    reason,
  });
});

test('a server that does not open it is down', async () => {
  const plain = await serveHttp((_request, response) => response.writeHead(404).end());
  const wrong = await serveTcp((socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  );
  servers.push(plain, wrong);
  expect((await check(plain.url.replace('http', 'ws'))).reason).toBe(
    'Expected the WebSocket to open with status 101, got 404 Not Found.',
  );
  expect((await check(wrong.url.replace('http', 'ws'))).reason).toBe(
    'Expected the WebSocket to open with status 101, the server opened it with a wrong Sec-WebSocket-Accept.',
  );
  expect((await check('ws://169.254.169.254/')).reason).toContain('metadata address and was refused');
});

test.each([0, 125, 126, 65_535, 65_536])('a frame of %i bytes has its length in the right form', (length) => {
  const frame = encodeFrame(OPCODE.binary, Buffer.alloc(length, 7));
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  expect(frame.length).toBe(headBytes + 4 + length);
  const unmasked = Buffer.concat([frame.subarray(0, headBytes), Buffer.alloc(length, 7)]);
  unmasked[1] = (unmasked[1] as number) & 0x7f;
  expect(takeFrame(unmasked)).toEqual({
    message: { opcode: OPCODE.binary, final: true, payload: Buffer.alloc(length, 7) },
    bytes: unmasked.length,
  });
  expect(takeFrame(unmasked.subarray(0, unmasked.length - 1))).toBeUndefined();
});
