import type { Clock, Timer } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { TelemetryStore } from '../lib/telemetry.ts';
import { expirePartitions } from '../observe/ingest/index.ts';
import type { LiveConfig } from './live-config.ts';

const EVERY_MS = 3_600_000;

/**
 * Drops expired telemetry now and then every hour.
 * @returns what ends it
 */
export function sweepRetention(context: {
  telemetry: TelemetryStore;
  live: LiveConfig;
  clock: Clock;
  log: Log;
}): () => Promise<void> {
  const { telemetry, live, clock, log } = context;
  let timer: Timer | undefined;
  let stopped = false;
  let running = Promise.resolve();
  const sweep = () => {
    running = expirePartitions(telemetry, live.current.retention, clock.now())
      .then((dropped) => {
        if (dropped.length > 0) log.info('expired telemetry was dropped', { partitions: dropped.length });
      })
      .catch((error: unknown) => log.warn('expired telemetry could not be dropped', { error: messageOf(error) }))
      .finally(() => {
        if (!stopped) timer = clock.after(EVERY_MS, sweep);
      });
  };
  sweep();
  return async () => {
    stopped = true;
    timer?.cancel();
    await running;
  };
}
