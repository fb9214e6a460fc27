import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Settings } from './config/settings.ts';
import { freePort } from './engines/index.ts';
import { consoleRoutes } from './http/console.ts';
import { systemClock } from './lib/clock.ts';
import { codeOf, YumOpsError } from './lib/errors.ts';
import { createLog } from './lib/log.ts';
import { assemble } from './main/assemble.ts';
import { removeRunFile, writeRunFile } from './main/run-file.ts';
import { Shutdown } from './main/shutdown.ts';

/** A running platform. */
export interface Platform {
  url: string;
  /** Signs an administrator in, once. */
  loginUrl: string;
  /** Drains what was accepted and closes everything. */
  stop(): Promise<void>;
}

/** The stores of a data folder behind the REST API, without a port, a prober or an evaluator. */
export interface OfflinePlatform {
  app: FastifyInstance;
  /** An admin token for this process. */
  token: string;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Runs a local inbox that receives the example's messages. */
  demoInbox: boolean;
}

const CONSOLE_FOLDER = fileURLToPath(new URL('../public', import.meta.url));
/** The engines' own users must be able to pass through to their folders, not to look around. */
const FOLDER_MODE = 0o711;
const ADMINISTRATOR = 'admin@yumops.local';

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause;
    throw new YumOpsError('port_in_use', `Port ${port} of ${host} is in use.`, {
      hint: 'Stop the other program, or choose another port with --port.',
      cause,
    });
  }
}

function platformLog(settings: Settings) {
  return createLog(systemClock, (line) => process.stderr.write(line), settings.logLevel);
}

/** Starts everything; when it resolves the platform serves. A failed start leaves nothing running. */
export async function startPlatform(settings: Settings, options: StartOptions): Promise<Platform> {
  const log = platformLog(settings);
  const shutdown = new Shutdown(log);
  try {
    await mkdir(settings.dataDir, { recursive: true, mode: FOLDER_MODE });
    const port = settings.port === 0 ? await freePort() : settings.port;
    const localUrl = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`;
    const parts = await assemble({
      settings,
      localUrl,
      demoInbox: options.demoInbox,
      clock: systemClock,
      log,
      shutdown,
    });
    await consoleRoutes(parts.app, { folder: CONSOLE_FOLDER });
    await parts.startWork();
    await listen(parts.app, settings.host, port);
    shutdown.add('HTTP server', () => parts.app.close());
    await writeRunFile(settings.dataDir, { pid: process.pid, url: localUrl, token: parts.identity.localToken });
    shutdown.add('run file', () => removeRunFile(settings.dataDir));
    const token = await parts.identity.accounts.createLoginLink(ADMINISTRATOR, 'admin', systemClock.now());
    return {
      url: localUrl,
      loginUrl: `${parts.publicUrl}/sign-in#token=${token}`,
      stop: () => {
        parts.beginDrain();
        return shutdown.run();
      },
    };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Opens the stores for one command while no platform runs. */
export async function openOffline(settings: Settings): Promise<OfflinePlatform> {
  const log = platformLog(settings);
  const shutdown = new Shutdown(log);
  try {
    await mkdir(settings.dataDir, { recursive: true, mode: FOLDER_MODE });
    const localUrl = `http://127.0.0.1:${settings.port}`;
    const parts = await assemble({ settings, localUrl, demoInbox: false, clock: systemClock, log, shutdown });
    await parts.app.ready();
    return { app: parts.app, token: parts.identity.localToken, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
