import type { Socket } from 'node:net';
import { YumOpsError } from '../../../../lib/errors.ts';
import { shorten } from '../../assert.ts';
import { type Attempt, down, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import { dial, secure } from '../../net/dial.ts';
import { SocketReader } from '../../net/socket-reader.ts';
import type { MonitorKind } from '../kind.ts';
import type { RedisMonitorConfig } from './config.ts';
import { encodeCommand, takeReply } from './resp.ts';

/** A Redis that answers PING, after a login and the choice of a database where the address names them. */
export const redisKind: MonitorKind<'redis'> = {
  run: (monitor, context) =>
    runAttempt(monitor, context, async (attempt) => {
      const raw = await dial(monitor.host, monitor.port, attempt);
      const socket = monitor.tls ? await secure(raw, monitor.host, attempt) : raw;
      try {
        attempt.timer.enter('firstByte');
        return await talk(monitor, socket, attempt);
      } finally {
        socket.destroy();
      }
    }),
  describe: ({ password, database }) => [
    ...(password === null ? [] : ['accepts the login']),
    ...(database === null ? [] : [`has database ${database}`]),
    'answers PONG',
  ],
};

async function talk(monitor: RedisMonitorConfig, socket: Socket, { signal }: Attempt): Promise<Finding> {
  const reader = new SocketReader(socket, signal);
  for (const { words, expected } of commandsOf(monitor)) {
    socket.write(encodeCommand(...words));
    const reply = await reader.next(takeReply);
    if (reply === null) throw new YumOpsError('not_redis', 'The server does not speak the Redis protocol.');
    if (reply.kind === 'text' && reply.text === expected) continue;
    return down(`Expected ${expected} from ${words[0]}, got ${shorten(JSON.stringify(reply.text))}.`);
  }
  return HEALTHY;
}

function commandsOf({ username, password, database }: RedisMonitorConfig) {
  const login = [...(username === null ? [] : [username]), password?.reveal() ?? ''];
  return [
    ...(password === null ? [] : [{ words: ['AUTH', ...login], expected: 'OK' }]),
    ...(database === null ? [] : [{ words: ['SELECT', String(database)], expected: 'OK' }]),
    { words: ['PING'], expected: 'PONG' },
  ];
}
