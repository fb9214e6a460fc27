import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import { codeOf, messageOf, YumOpsError } from '../../../../lib/errors.ts';
import { type Attempt, down, type Finding, HEALTHY, runAttempt } from '../../attempt.ts';
import { dial, secure } from '../../net/dial.ts';
import type { MonitorKind } from '../kind.ts';
import type { GrpcMonitorConfig } from './config.ts';
import { encodeRequest, readStatus } from './health-message.ts';

/** A gRPC server whose health service (`grpc.health.v1`) says SERVING. */
export const grpcKind: MonitorKind<'grpc'> = {
  run: (monitor, context) =>
    runAttempt(monitor, context, async (attempt) => {
      const raw = await dial(monitor.host, monitor.port, attempt);
      const socket = monitor.tls ? await secure(raw, monitor.host, attempt, { alpn: ['h2'], ca: monitor.ca }) : raw;
      const { host } = new URL(`http://${new URL(monitor.url).host}`);
      const session = connect(`${monitor.tls ? 'https' : 'http'}://${host}`, { createConnection: () => socket });
      try {
        attempt.timer.enter('firstByte');
        return judge(monitor, await ask(monitor, session, socket, attempt));
      } finally {
        session.destroy();
        socket.destroy();
      }
    }),
  describe: ({ service }) => [service === '' ? 'the server is SERVING' : `${service} is SERVING`],
};

interface Reply {
  status: number;
  /** `grpc-status`, of the trailers or of an answer without a message; null when there was none. */
  code: number | null;
  message: string;
  body: Buffer;
}

function ask(
  monitor: GrpcMonitorConfig,
  session: ClientHttp2Session,
  socket: Socket,
  { signal }: Attempt,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : failure(error));
    session.on('error', fail);
    socket.once('close', () => fail(new Error('the server closed the connection')));
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'YumOps-Uptime/1',
    });
    const reply: Reply = { status: 0, code: null, message: '', body: Buffer.alloc(0) };
    const readHeaders = (headers: Record<string, unknown>) => {
      if (headers[':status'] !== undefined) reply.status = Number(headers[':status']);
      if (headers['grpc-status'] === undefined) return;
      reply.code = Number(headers['grpc-status']);
      reply.message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    };
    stream.on('response', readHeaders);
    stream.on('trailers', readHeaders);
    stream.on('data', (chunk: Buffer) => {
      if (reply.body.length < LIMIT) reply.body = Buffer.concat([reply.body, chunk]);
    });
    stream.on('error', fail);
    stream.once('end', () => resolve(reply));
    stream.end(encodeRequest(monitor.service));
  });
}

/** A health answer has seven bytes. */
const LIMIT = 4_096;

function failure(error: Error): YumOpsError {
  const reason = codeOf(error) === 'ERR_HTTP2_ERROR' ? 'the server does not speak HTTP/2' : messageOf(error);
  return new YumOpsError('grpc_failed', `The gRPC call failed: ${reason}.`, { cause: error });
}

/** Codes of gRPC that a health check may meet. */
const CODES: Record<number, string> = {
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  7: 'PERMISSION_DENIED',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};

function judge({ service }: GrpcMonitorConfig, reply: Reply): Finding {
  const what = service === '' ? 'the server' : `the service ${service}`;
  if (reply.code === null) return down(`Expected ${what} to be SERVING, got status ${reply.status} without gRPC.`);
  if (reply.code !== 0) {
    const said = reply.message === '' ? '' : ` (${reply.message.replace(/\.$/, '')})`;
    return down(`Expected ${what} to be SERVING, got gRPC error ${CODES[reply.code] ?? reply.code}${said}.`);
  }
  const status = readStatus(reply.body);
  if (status === 'SERVING') return HEALTHY;
  return down(`Expected ${what} to be SERVING, ${status === undefined ? 'got another answer' : `it is ${status}`}.`);
}
