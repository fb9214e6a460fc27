import { audit } from '../access/audit.ts';
import type { Config } from '../config/index.ts';
import type { Log } from '../lib/log.ts';
import { createSeal } from '../lib/seal.ts';
import { createStoredMonitors, type StoredMonitors, type Uptime } from '../observe/uptime/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import type { Stores } from './stores.ts';

/** Makes the store of monitors that stand in no file; a change of it reaches the prober at once. */
export function makeStoredMonitors(parts: {
  live: LiveConfig;
  stores: Stores;
  observe: Observe;
  secretKey: string;
  log: Log;
}): StoredMonitors {
  const { live, stores, observe, secretKey, log } = parts;
  const stored = createStoredMonitors({
    db: stores.db,
    seal: createSeal(secretKey, 'monitors'),
    log: log.child('monitors'),
    audit,
    configured: () => live.current,
    changed: () => reloadMonitors(observe.uptime, live.current, stored),
  });
  return stored;
}

/** The configuration with the monitors that stand in no file. */
export async function withStored(config: Config, stored: StoredMonitors): Promise<Config> {
  return { ...config, monitors: [...config.monitors, ...(await stored.read())] };
}

/** Hands all monitors to the prober. */
export async function reloadMonitors(uptime: Uptime, config: Config, stored: StoredMonitors): Promise<void> {
  await uptime.reload(await withStored(config, stored));
}
