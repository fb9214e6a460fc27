import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { formatDuration } from '../../../../lib/duration.ts';
import { codeOf, YumOpsError } from '../../../../lib/errors.ts';
import { shorten } from '../../assert.ts';
import { type Attempt, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import type { CheckContext, CheckResult } from '../../check.ts';
import { dial, secure } from '../../net/dial.ts';
import { SocketReader } from '../../net/socket-reader.ts';
import { answerFailure } from '../http/exchange.ts';
import type { WebsocketMonitorConfig } from './config.ts';
import { encodeFrame, OPCODE, takeFrame } from './frame.ts';

/** Opens a WebSocket, says what is to be said, waits for what is expected and closes it. */
export function runWebsocket(monitor: WebsocketMonitorConfig, context: CheckContext): Promise<CheckResult> {
  return runAttempt(monitor, context, async (attempt) => {
    const url = new URL(monitor.target);
    const socket = await connect(url, attempt);
    try {
      attempt.timer.enter('firstByte');
      const head = await upgrade(url, monitor, socket, attempt);
      if (head.length > 0) socket.unshift(head);
      return await talk(monitor, socket, attempt);
    } finally {
      socket.destroySoon();
    }
  });
}

async function connect(url: URL, attempt: Attempt): Promise<Socket> {
  const isSecure = url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const raw = await dial(host, Number(url.port || (isSecure ? 443 : 80)), attempt);
  return isSecure ? secure(raw, host, attempt, { alpn: ['http/1.1'] }) : raw;
}

/** Makes the opening handshake. @returns what came after it already */
function upgrade(url: URL, monitor: WebsocketMonitorConfig, socket: Socket, { signal }: Attempt): Promise<Buffer> {
  const key = randomBytes(16).toString('base64');
  const own = Object.entries(monitor.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()]);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => socket,
      path: `${url.pathname}${url.search}`,
      setHost: false,
      headers: {
        host: url.host,
        'user-agent': 'YumOps-Uptime/1',
        ...Object.fromEntries(own),
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': key,
        'sec-websocket-version': '13',
      },
    });
    outgoing.once('upgrade', (response, _socket, head) => {
      if (response.headers['sec-websocket-accept'] === acceptOf(key)) resolve(head);
      else reject(refused('the server opened it with a wrong Sec-WebSocket-Accept'));
    });
    outgoing.once('response', ({ statusCode, statusMessage }) =>
      reject(refused(`got ${`${statusCode} ${statusMessage}`.trim()}`)),
    );
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : answerFailure(error)));
    outgoing.end();
  });
}

function refused(what: string): YumOpsError {
  return new YumOpsError('websocket_refused', `Expected the WebSocket to open with status 101, ${what}.`);
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

async function talk(monitor: WebsocketMonitorConfig, socket: Socket, { signal }: Attempt): Promise<Finding> {
  const reader = new SocketReader(socket, signal);
  socket.resume();
  if (monitor.send !== null) socket.write(encodeFrame(OPCODE.text, Buffer.from(monitor.send)));
  if (monitor.expect !== null) await expectMessage(monitor.expect, monitor.timeoutMs, socket, reader);
  socket.write(encodeFrame(OPCODE.close, Buffer.from([0x03, 0xe8])));
  reader.release();
  return HEALTHY;
}

/** @throws {YumOpsError} that names what came instead, also when nothing else came in time */
async function expectMessage(expected: string, timeoutMs: number, socket: Socket, reader: SocketReader): Promise<void> {
  const heard = { last: '' };
  try {
    await waitFor(expected, heard, socket, reader);
  } catch (error) {
    if (codeOf(error) !== 'timeout' || heard.last === '') throw error;
    throw new YumOpsError(
      'timeout',
      `Expected the message ${JSON.stringify(expected)} within ${formatDuration(timeoutMs)}, ${lastOf(heard)}.`,
    );
  }
}

/** Reads messages until one contains the text; pings are answered on the way. */
async function waitFor(expected: string, heard: { last: string }, socket: Socket, reader: SocketReader): Promise<void> {
  for (;;) {
    const { opcode, final, payload } = await reader.next(takeFrame);
    if (opcode === OPCODE.close) throw closed(expected, payload, heard);
    if (opcode === OPCODE.ping) socket.write(encodeFrame(OPCODE.pong, payload));
    if (opcode > OPCODE.binary) continue;
    heard.last = opcode === OPCODE.continuation ? `${heard.last}${payload}` : `${payload}`;
    if (final && heard.last.includes(expected)) return;
  }
}

function lastOf({ last }: { last: string }): string {
  return last === '' ? 'it said nothing' : `its last message was ${shorten(JSON.stringify(last))}`;
}

function closed(expected: string, payload: Buffer, heard: { last: string }): YumOpsError {
  const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
  const reason = payload.toString('utf8', 2);
  const why = `${code}${reason === '' ? '' : ` ${JSON.stringify(reason)}`}`;
  return new YumOpsError(
    'websocket_closed',
    `Expected the message ${JSON.stringify(expected)}, but the server closed the WebSocket with ${why}; ${lastOf(heard)}.`,
  );
}
