import { join } from 'node:path';
import { audit } from '../access/audit.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { IngestLags } from '../observe/ingest/index.ts';
import { listMonitorStates } from '../observe/uptime/index.ts';
import { type Alerting, createAlerting, FileOutageSpool, type WatchedCondition } from '../respond/alerting/index.ts';
import { createNotifiers, replyLinks } from '../respond/notify/index.ts';
import type { OnCall } from '../respond/oncall/index.ts';
import { BEAT_CHANNEL, beatNotifier } from '../respond/watchdog/index.ts';
import type { Windows } from '../respond/windows/index.ts';
import type { LiveConfig } from './live-config.ts';
import type { Observe } from './observe.ts';
import type { Shutdown } from './shutdown.ts';
import type { Stores } from './stores.ts';

/** Makes the alert path; it evaluates nothing yet. */
export function makeAlerting(context: {
  live: LiveConfig;
  stores: Stores;
  observe: Observe;
  onCall: OnCall;
  windows: Windows;
  clock: Clock;
  log: Log;
  publicUrl: string;
  instance: string;
  /** The platform's folder. */
  dataDir: string;
  secretKey: string;
  shutdown: Shutdown;
  /** What other parts of the platform find wrong. */
  conditions: () => readonly WatchedCondition[];
}): Alerting {
  const { live, stores, observe, onCall, windows, clock, log, publicUrl, instance, secretKey, shutdown } = context;
  const { db, telemetry } = stores;
  const lags = new IngestLags({ db, ingest: observe.ingest, instance, clock, log });
  lags.start();
  shutdown.add('lag of ingest', () => lags.stop());
  const alerting = createAlerting({
    db,
    telemetry,
    config: live.current,
    configRefusal: live.refusal,
    audit,
    clock,
    log,
    publicUrl,
    instance,
    outageSpool: new FileOutageSpool(join(context.dataDir, 'alert-outage.ndjson')),
    replyLink: replyLinks(secretKey, publicUrl),
    resolveOnCall: onCall.resolver,
    plannedWork: windows.planned,
    conditions: context.conditions,
    watermark: () => lags.watermark(),
    notifiers: ({ integrations, watchdog }) => {
      const ways = createNotifiers(integrations, clock);
      return watchdog ? ways.set(BEAT_CHANNEL, beatNotifier(watchdog, live.current.service, clock)) : ways;
    },
    async monitorStates() {
      const states = await listMonitorStates(db);
      return states.flatMap(({ since, ...monitor }) => (since === null ? [] : [{ ...monitor, since }]));
    },
  });
  observe.counted.connect(alerting);
  return alerting;
}
