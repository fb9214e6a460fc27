import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loadScenario } from '../../src/config/index.ts';
import { PostgresAlertStore } from '../../src/respond/alerting/state/postgres.ts';
import { simulate } from '../../src/respond/simulate/index.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';

const FOLDER = fileURLToPath(new URL('../../../../testdata/scenarios/', import.meta.url));
/** Those of pushed alerts are short; most others run on both stores in alert-timelines.test.ts. */
const FILES = readdirSync(FOLDER).filter((name) => /^(a\d|x\d.*push|dedup).*\.scenario\.yml$/.test(name));

let server: StateServer;

beforeAll(async () => {
  server = await startStateServer();
});
afterEach(() => server.closeDatabases());
afterAll(() => server.stop());

test.each(FILES)(
  '%s',
  async (name) => {
    const { scenario } = loadScenario(FOLDER + name, { env: {} });
    if (!scenario) throw new Error(`${name} does not load`);
    const { db } = await server.database();
    const makeStore = (now: () => number) => new PostgresAlertStore(db, async () => now());
    const two = { ...scenario, instances: Math.max(2, scenario.instances) };
    expect((await simulate(two, { makeStore })).failures).toEqual([]);
  },
  30_000,
);
