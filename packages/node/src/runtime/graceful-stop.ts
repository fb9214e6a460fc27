import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from './pipeline.ts';
import { markStopping } from './readiness.ts';

export interface GracefulStopOptions {
  /** How long readiness is down before the listeners close, milliseconds; default 5,000. Longer than the balancer's check interval. */
  preStopDelay?: number;
  /** How long running requests may take to finish, milliseconds; default 25,000. */
  drainTimeout?: number;
  /** Work of the application's own before the process ends, such as closing its pools. */
  onStop?: () => Promise<void> | void;
}

/** How long a connection may be silent once the listeners are closed, milliseconds: a request may be on its way. */
const SILENCE = 1_000;

/** The open connections of servers. To Node one on which nothing was sent yet, as browsers open them ahead, is no idle one. */
const connections = new WeakMap<Server, Set<Socket>>();

function watchConnections(server: Server): void {
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}

function closeSilent(server: Server): void {
  for (const socket of connections.get(server) ?? []) {
    if (socket.bytesRead === 0) socket.destroy();
  }
}

async function drain(server: Server, timeout: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const since = performance.now();
  // A connection that stays open after its last answer would hold the process until the client leaves.
  const idle = setInterval(() => {
    server.closeIdleConnections();
    if (performance.now() - since > SILENCE) closeSilent(server);
  }, 50);
  const forced = setTimeout(() => server.closeAllConnections(), timeout);
  await closed;
  clearInterval(idle);
  clearTimeout(forced);
}

/** Readiness down, pause, listeners closed, running requests finished, own work, telemetry flushed. */
export async function stopGracefully(servers: readonly Server[], options: GracefulStopOptions = {}): Promise<void> {
  markStopping();
  await sleep(options.preStopDelay ?? 5000);
  await Promise.all(servers.map((server) => drain(server, options.drainTimeout ?? 25_000)));
  await options.onStop?.();
  await pipeline().flush(3000);
}

/** Stops gracefully on SIGTERM and SIGINT, then exits with 0; a second signal ends the process at once with 1. */
export function stopOnSignals(servers: readonly Server[], options?: GracefulStopOptions): void {
  for (const server of servers) watchConnections(server);
  let stopping = false;
  const onSignal = async () => {
    if (stopping) {
      process.exit(1);
    }
    stopping = true;
    try {
      await stopGracefully(servers, options);
      process.exit(0);
    } catch (error) {
      process.stderr.write(
        `[yumops] the application's own stop failed: ${error instanceof Error ? error.message : String(error)}\n`,
      );
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
