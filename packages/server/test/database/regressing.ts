import type { Remark } from '../../src/care/database/finding.ts';
import { startTelemetryServer } from '../support/telemetry-server.ts';
import { storedSampling } from './stored-sampling.ts';

/** Milliseconds that the statement takes before and after. */
const BEFORE = 6;
const AFTER = 150;

/** Runs a statement that becomes more than ten times slower, and gives what the sampler says in the end. */
export async function regressing(url: string): Promise<readonly Remark[]> {
  const store = await startTelemetryServer();
  const { nap, end } = await storedSampling(url, store, Date.UTC(2026, 0, 12));
  try {
    for (let time = 0; time < 8; time++) await nap(BEFORE);
    let found: Remark[] = [];
    for (let time = 0; time < 4; time++) found = await nap(AFTER);
    return found;
  } finally {
    await end();
    await store.stop();
  }
}
