import type { Remark } from '../../src/care/database/finding.ts';
import { DatabaseSampler } from '../../src/care/database/monitor/sampler.ts';
import { FakeClock } from '../../src/lib/clock.ts';
import { connectMonitored } from '../../src/store/monitored/index.ts';
import { open } from './server.ts';

/** Milliseconds that the statement takes before and after, and how often it runs between two samples. */
const BEFORE = 6;
const AFTER = 90;
const CALLS = 3;

/**
 * Runs a statement that becomes more than ten times slower, samples it every 30 s of a clock of its own, and gives what the
 * sampler says in the end.
 */
export async function regressing(url: string): Promise<readonly Remark[]> {
  const clock = new FakeClock();
  const writer = { append: async () => undefined };
  const sampler = new DatabaseSampler({ name: 'main', service: 'app', writer, clock });
  const [db, client] = [await connectMonitored('main', url), await open(url)];
  const sample = async (ms: number) => {
    for (let call = 0; call < CALLS; call++) await client.query(`SELECT pg_sleep(${ms / 1_000}) AS nap`);
    await clock.advance(30_000);
    return sampler.sampleStatements(db);
  };
  try {
    for (let time = 0; time < 8; time++) await sample(BEFORE);
    let found: Remark[] = [];
    for (let time = 0; time < 4; time++) found = await sample(AFTER);
    return found;
  } finally {
    await client.end();
    await db.close();
  }
}
