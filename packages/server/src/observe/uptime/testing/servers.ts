import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import type { KeyPair } from './certificates.ts';

/** A server on a free port of 127.0.0.1. */
export interface Running {
  port: number;
  url: string;
  close(): Promise<void>;
}

/** @param host an address of this machine */
export function serveHttp(listener: RequestListener, host = '127.0.0.1'): Promise<Running> {
  return listen(createHttpServer(listener), `http://${host}`, host);
}

export function serveHttps(pair: KeyPair, listener: RequestListener): Promise<Running> {
  return listen(createHttpsServer({ key: pair.key, cert: pair.cert }, listener), 'https://localhost');
}

/** A server that hands every connection to `onConnection`. */
export function serveTcp(onConnection: (socket: Socket) => void): Promise<Running> {
  return listen(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    }),
    'http://127.0.0.1',
  );
}

/** Listens on a free port and closes with every connection. */
export async function listen(server: Server | TcpServer, origin: string, host = '127.0.0.1'): Promise<Running> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${origin}:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
