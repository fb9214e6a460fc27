import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { FakeClock } from '../../src/lib/clock.ts';
import type { AlertStore } from '../../src/respond/alerting/ports.ts';
import { MemoryAlertStore } from '../../src/respond/alerting/state/memory.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { AlertRig, configOf, type RigOptions, START } from './alert-rig.ts';
import { type StateServer, startStateServer } from './state-server.ts';

/** Makes a rig from YAML on the store of the suite. */
export type MakeRig = (yaml: string, options?: RigOptions) => Promise<AlertRig>;

/** Describes the same on both stores: memory, and a real Postgres with an empty database for each rig. */
export function onBothStores(body: (makeRig: MakeRig, name: string) => void): void {
  let server: StateServer;

  beforeAll(async () => {
    server = await startStateServer();
  });
  afterEach(() => server.closeDatabases());
  afterAll(() => server.stop());

  const stores: [string, (clock: FakeClock) => Promise<AlertStore>][] = [
    ['memory', async (clock) => new MemoryAlertStore(() => clock.now())],
    ['Postgres', async (clock) => new PostgresAlertStore((await server.database()).db, async () => clock.now())],
  ];
  describe.each(stores)('on %s', (name, makeStore) => {
    body(async (yaml, options = {}) => {
      const clock = new FakeClock(START);
      return new AlertRig(configOf(yaml), { clock, store: await makeStore(clock), ...options });
    }, name);
  });
}
