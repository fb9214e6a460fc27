import { access, constants, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { readRoles } from './config/roles.ts';
import type { Settings } from './config/settings.ts';
import { freePort, lockHome } from './engines/index.ts';
import { consoleRoutes } from './http/console.ts';
import { systemClock } from './lib/clock.ts';
import { codeOf, messageOf, YumOpsError } from './lib/errors.ts';
import { createLog } from './lib/log.ts';
import { assemble } from './main/assemble.ts';
import { loadUsableConfig } from './main/config.ts';
import { removeRunFile, writeRunFile } from './main/run-file.ts';
import { Shutdown } from './main/shutdown.ts';
import { openState } from './main/stores.ts';
import type { StateStore } from './store/state/index.ts';

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

/** What the system's refusals to listen mean to the operator. */
const LISTEN_REFUSALS: Record<string, { code: string; message(host: string, port: number): string; hint: string }> = {
  EADDRINUSE: {
    code: 'port_in_use',
    message: (host, port) => `Port ${port} of ${host} is in use.`,
    hint: 'Stop the other program, or choose another port with --port.',
  },
  EACCES: {
    code: 'port_forbidden',
    message: (_host, port) => `This user may not listen on port ${port}.`,
    hint: 'Choose a port of 1024 or higher with --port, and put a proxy before it.',
  },
  EADDRNOTAVAIL: {
    code: 'host_unknown',
    message: (host) => `${host} is not an address of this machine.`,
    hint: 'Give an address of this machine with --host, or 0.0.0.0 for all of them.',
  },
};

/**
 * Makes the data folder this process's own until the end: two that share its spool would lose what they acknowledged,
 * and page twice, also where both stores are elsewhere.
 */
async function claimDataFolder(folder: string, shutdown: Shutdown): Promise<void> {
  await makeDataFolder(folder);
  const lock = await lockHome(folder, 'YumOps');
  shutdown.add('data folder', () => lock.release());
}

async function makeDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new YumOpsError('data_folder_unusable', `The data folder ${folder} cannot be used: ${messageOf(cause)}.`, {
      hint: 'Give this user the right to write there, or choose another folder with --data.',
      cause,
    });
  }
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const refusal = LISTEN_REFUSALS[codeOf(cause) ?? ''];
    if (!refusal) throw cause;
    throw new YumOpsError(refusal.code, refusal.message(host, port), { hint: refusal.hint, cause });
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
    await claimDataFolder(settings.dataDir, shutdown);
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
    if (settings.roles.has('web')) await consoleRoutes(parts.app, { folder: CONSOLE_FOLDER });
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

/**
 * Opens the state store alone for one command while no platform runs, and makes it where there is none.
 * @throws YumOpsError `data_folder_in_use`
 */
export async function openOfflineState(settings: Settings): Promise<{ db: StateStore; stop(): Promise<void> }> {
  const log = platformLog(settings);
  const shutdown = new Shutdown(log);
  try {
    await claimDataFolder(settings.dataDir, shutdown);
    const { stores } = loadUsableConfig(settings.config, settings.env).config;
    const { db } = await openState({ settings, stores, clock: systemClock, log, shutdown });
    return { db, stop: () => shutdown.run() };
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
    await claimDataFolder(settings.dataDir, shutdown);
    const localUrl = `http://127.0.0.1:${settings.port}`;
    // A command finds the whole API, whatever the instance on this data folder does.
    const whole = { ...settings, roles: readRoles('all') };
    const parts = await assemble({ settings: whole, localUrl, demoInbox: false, clock: systemClock, log, shutdown });
    await parts.app.ready();
    return { app: parts.app, token: parts.identity.localToken, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
