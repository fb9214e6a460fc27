import { audit } from '../access/audit.ts';
import type { Config } from '../config/index.ts';
import { messageOf } from '../lib/errors.ts';
import type { Keyring } from '../lib/keyring.ts';
import type { Log } from '../lib/log.ts';
import { createSeal } from '../lib/seal.ts';
import { createStoredMonitors, type StoredMonitors, type Uptime } from '../observe/uptime/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import { SEALS } from './secret-key.ts';
import type { Stores } from './stores.ts';

/** The word between instances that monitors were stored. */
const CHANGED = 'yumops_monitors';

/** Makes the store of monitors that stand in no file; a change of it reaches the prober at once. */
export function makeStoredMonitors(parts: {
  live: LiveConfig;
  stores: Stores;
  observe: Observe;
  keyring: Keyring;
  log: Log;
}): StoredMonitors {
  const { live, stores, observe, keyring, log } = parts;
  const stored = createStoredMonitors({
    db: stores.db,
    seal: createSeal(keyring, SEALS.monitors),
    log: log.child('monitors'),
    audit,
    configured: () => live.current,
    check: (monitor) => observe.uptime.tryOut(monitor),
    async changed() {
      await reloadMonitors(observe.uptime, live.current, stored);
      await stores.signals.send(CHANGED, '').catch((error: unknown) => {
        log.warn('the other instances could not be told of the monitors', { error: messageOf(error) });
      });
    },
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

/** Follows what other instances store. One that does not hear of a change has it after its next reload. */
export function followStored(parts: {
  live: LiveConfig;
  stores: Pick<Stores, 'signals'>;
  observe: Pick<Observe, 'uptime'>;
  storedMonitors: StoredMonitors;
  log: Log;
}): () => void {
  const { live, stores, observe, storedMonitors, log } = parts;
  return stores.signals.listen(CHANGED, () => {
    reloadMonitors(observe.uptime, live.current, storedMonitors).catch((error: unknown) => {
      log.error('the monitors could not be reloaded', { error: messageOf(error) });
    });
  });
}
