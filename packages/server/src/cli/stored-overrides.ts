import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OnCallOverride } from '@yumops/protocol';
import type { Config } from '../config/index.ts';
import type { Settings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { readRunFile } from '../main/run-file.ts';
import { Shutdown } from '../main/shutdown.ts';
import { type OnCallPlan, readOverrides } from '../respond/oncall/index.ts';
import { withClient } from './client.ts';

/** Milliseconds that the platform has to tell them. */
const ANSWER_LIMIT = 10_000;

/**
 * The overrides that were made at run time and touch `[from, to)`, milliseconds since the epoch: from the running
 * platform, else from the state store itself. Without a state store there are none.
 */
export async function storedOverrides(
  settings: Settings,
  stores: Config['stores'],
  from: number,
  to: number,
): Promise<OnCallPlan['overrides']> {
  if (await readRunFile(settings.dataDir)) return askPlatform(settings, from, to);
  const external = settings.stateUrl !== undefined || stores.state !== 'embedded';
  return external || existsSync(join(settings.dataDir, 'postgres')) ? readStore(settings, stores, from, to) : [];
}

async function askPlatform(settings: Settings, from: number, to: number): Promise<OnCallPlan['overrides']> {
  const query = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const { items } = await withClient(settings, (client) =>
    client.get<{ items: OnCallOverride[] }>('/api/v1/oncall/overrides', query, AbortSignal.timeout(ANSWER_LIMIT)),
  );
  return items.map(({ schedule, person, start, end }) => ({
    schedule,
    person,
    start: Date.parse(start),
    end: Date.parse(end),
  }));
}

async function readStore(
  settings: Settings,
  stores: Config['stores'],
  from: number,
  to: number,
): Promise<OnCallPlan['overrides']> {
  const { openState } = await import('../main/stores.ts');
  const log = createLog(systemClock, (line) => process.stderr.write(line), settings.logLevel);
  const shutdown = new Shutdown(log);
  try {
    const { db } = await openState({ settings, stores, clock: systemClock, log, shutdown });
    return await readOverrides(db, from, to);
  } finally {
    await shutdown.run();
  }
}
