import { readPastLoads } from '../../src/care/database/index.ts';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import type { TelemetryRow } from '../../src/lib/telemetry.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import type { TelemetryServer } from '../support/telemetry-server.ts';
import { open } from './server.ts';

/** How often the statement runs between two samples. */
const CALLS = 3;

/** Samples a statement every 30 s of a clock of its own, and keeps the samples in the store as the platform does. */
export async function storedSampling(url: string, store: TelemetryServer, start: number) {
  const clock = new FakeClock(start);
  const name = new URL(url).href;
  const writer = {
    append: (_relation: string, rows: readonly TelemetryRow[]) => store.insert('database_sample_rows', rows),
  };
  const past = (database: string, ids: readonly string[], window: { at: number; recent: number }) =>
    readPastLoads(store.telemetry, database, ids, window);
  const begin = () => new DatabaseSampler({ name, service: 'app', writer, clock, past });
  let sampler = begin();
  const [db, client] = [await connectMonitored('main', url), await open(url)];
  return {
    clock,
    /** Runs the statement for some milliseconds, and samples. */
    async nap(ms: number) {
      for (let call = 0; call < CALLS; call++) await client.query(`SELECT pg_sleep(${ms / 1_000}) AS nap`);
      await clock.advance(30_000);
      return sampler.sampleStatements(db);
    },
    /** Begins anew, as the platform does when it starts; what is stored is there. */
    restart() {
      sampler = begin();
    },
    async end() {
      await client.end();
      await db.close();
    },
  };
}
