import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config/settings.ts';
import { createHttpServer } from '../http/server.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { VERSION } from '../version.ts';
import { loadUsableConfig } from './config.ts';
import { type Identity, openIdentity } from './identity.ts';
import { openObserve } from './observe.ts';
import { registerRoutes } from './routes.ts';
import type { Shutdown } from './shutdown.ts';
import { openStores } from './stores.ts';

export interface AssembleOptions {
  settings: Settings;
  /** Where this process listens. */
  localUrl: string;
  demoInbox: boolean;
  clock: Clock;
  log: Log;
  shutdown: Shutdown;
}

/** Every part, opened and wired, but not at work yet. */
export interface Parts {
  app: FastifyInstance;
  identity: Identity;
  publicUrl: string;
  /** Starts prober, evaluator and deliveries. */
  startWork(): Promise<void>;
  /** Readiness goes down; what was accepted is still served. */
  beginDrain(): void;
}

/** Opens the stores and wires every part to them. */
export async function assemble(options: AssembleOptions): Promise<Parts> {
  const { settings, localUrl, clock, log, shutdown } = options;
  const { config } = loadUsableConfig(settings);
  const publicUrl = config.publicUrl ?? localUrl;
  const stores = await openStores({ settings, stores: config.stores, clock, log, shutdown });
  const identity = await openIdentity({ settings, stores, publicUrl, clock, shutdown });
  const observe = await openObserve({ settings, config, stores, clock, log, shutdown });
  const app = await createHttpServer({ log, version: VERSION });
  registerRoutes(app, { stores, identity, observe, clock, publicUrl });
  return {
    app,
    identity,
    publicUrl,
    async startWork() {
      await observe.uptime.start();
      shutdown.add('prober', () => observe.uptime.stop());
    },
    beginDrain: () => observe.health.drain(),
  };
}
