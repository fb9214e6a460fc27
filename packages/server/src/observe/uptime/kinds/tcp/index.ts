import { shorten } from '../../assert.ts';
import { down, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import { dial } from '../../net/dial.ts';
import { SocketReader, type Taken } from '../../net/socket-reader.ts';
import type { MonitorKind } from '../kind.ts';
import type { TcpMonitorConfig } from './config.ts';

/** A port that accepts connections, and may have to say something. */
export const tcpKind: MonitorKind<'tcp'> = {
  run: (monitor, context) =>
    runAttempt(monitor, context, async (attempt) => {
      const socket = await dial(monitor.host, monitor.port, attempt);
      try {
        if (monitor.send !== null) socket.write(monitor.send);
        if (monitor.expect === null) return HEALTHY;
        attempt.timer.enter('firstByte');
        return await listen(monitor.expect, new SocketReader(socket, attempt.signal));
      } finally {
        socket.destroy();
      }
    }),
  describe: ({ port, expect }) => [
    `port ${port} accepts connections`,
    ...(expect === null ? [] : [`says ${JSON.stringify(expect)}`]),
  ],
};

/** Waits for the text; a server that hangs up before has said something else. */
async function listen(expected: TcpMonitorConfig['expect'] & string, reader: SocketReader): Promise<Finding> {
  const take = (bytes: Buffer): Taken<true> | undefined =>
    bytes.includes(expected) ? { message: true, bytes: bytes.length } : undefined;
  try {
    await reader.next(take);
    return HEALTHY;
  } catch (error) {
    if (reader.rest.length === 0) throw error;
    return down(`Expected the text ${JSON.stringify(expected)}, got ${shorten(JSON.stringify(`${reader.rest}`))}.`);
  }
}
