import { audit } from '../access/audit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createWindows, PlannedChecks, type Windows } from '../respond/windows/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Stores } from './stores.ts';

/**
 * Makes the desk for planned work, and what tells the prober of it; both follow the configuration.
 * @param context.replan called after every change of what is planned
 */
export function makeWindows(context: {
  live: LiveConfig;
  stores: Stores;
  clock: Clock;
  log: Log;
  replan(): Promise<void>;
}): { windows: Windows; plannedChecks: PlannedChecks } {
  const { live, stores, clock, log, replan } = context;
  const windows = createWindows({
    db: stores.db,
    config: () => live.current,
    audit,
    async changed() {
      await Promise.all([plannedChecks.refresh(), replan()]);
    },
  });
  const plannedChecks = new PlannedChecks(windows, clock, log.child('windows'));
  return { windows, plannedChecks };
}
