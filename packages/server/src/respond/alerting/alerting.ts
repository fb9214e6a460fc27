import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { YumOpsError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import type { Notifier } from '../notify/index.ts';
import type { AlertingConfig } from './alerting-config.ts';
import { AlertEngine } from './engine.ts';
import { changeGroup } from './group/change.ts';
import { AlertLoops } from './loops.ts';
import type { Audit, MonitorStates, ResolveOnCall, Watermark } from './ports.ts';
import { AlertPages } from './read/pages.ts';
import { createSilences, type Silences } from './silence/silences.ts';
import { storedBuckets } from './state/bucket-query.ts';
import { PostgresAlertStore } from './state/postgres.ts';

const INGEST_DELAY_MS = 10_000;
const LEASE_MS = 10_000;

export interface AlertingOptions {
  db: Db;
  telemetry: TelemetryStore;
  watermark: Watermark;
  monitorStates: MonitorStates;
  resolveOnCall: ResolveOnCall;
  config: AlertingConfig;
  /** Makes the ways out of one version of the configuration, by channel; `createNotifiers` of notify does. */
  notifiers: (config: AlertingConfig) => ReadonlyMap<string, Notifier>;
  audit: Audit;
  clock: Clock;
  log: Log;
  /** Base of links in messages, without a slash at the end. */
  publicUrl: string;
  /** Name of this instance; the same after a restart, and no two instances at a time have it. */
  instance: string;
}

/** The alert path of the platform. */
export interface Alerting {
  start(): void;
  /** Lets running deliveries end, and gives the lease back. What is due later stays in the outbox. */
  stop(): Promise<void>;
  /** Uses another configuration from the next evaluation on. */
  reload(config: AlertingConfig): void;
  /** Something changed that alerts may depend on: a monitor's state, or an outbox row of another instance. */
  nudge(): void;
  /**
   * Takes an alert: later steps stop. A second acknowledgement is recorded and changes nothing.
   * @throws YumOpsError `alert_not_found` (404)
   */
  acknowledge(alertId: string, by: string, via: string): Promise<void>;
  /** Until when evaluation and delivery have done all that was due, ms on the monotonic clock; null before. */
  lastRunAt(): number | null;
  silences: Silences;
  /** What pages and the API show. */
  pages: AlertPages;
}

/** Makes the alert path over the platform's stores. It does nothing before `start()`. */
export function createAlerting(options: AlertingOptions): Alerting {
  const { clock, db, config, audit } = options;
  const log = options.log.child('alerting');
  const store = new PostgresAlertStore(db);
  const buckets = storedBuckets(options.telemetry);
  const pages = new AlertPages(db, buckets, config, () => engine.now());
  const engine = new AlertEngine(
    {
      ...options,
      log,
      store,
      buckets,
      leaseMs: LEASE_MS,
      timing: { ingestDelayMs: INGEST_DELAY_MS, phase: 'spread' },
      wake: () => loops.wakeServing(),
    },
    config,
  );
  const loops = new AlertLoops(engine, clock, log);
  return {
    start: () => loops.start(),
    async stop() {
      await loops.stop();
      await engine.stop();
    },
    reload(next) {
      engine.reload(next);
      pages.use(next);
      loops.wake();
    },
    nudge() {
      engine.monitorsChanged();
      loops.wake();
    },
    async acknowledge(alertId, by, via) {
      const groupKey = (await store.groupsOf([alertId])).get(alertId);
      if (groupKey === undefined) {
        throw new YumOpsError('alert_not_found', `There is no alert ${alertId}.`, { status: 404 });
      }
      const at = engine.now();
      await changeGroup(
        { store, resolveOnCall: options.resolveOnCall },
        {
          groupKey,
          alertIds: [alertId],
          inputs: [{ type: 'acknowledged', alertId, ack: { by, via, at } }],
          now: () => at,
          afterwards: (tx) =>
            audit(tx, { at, actor: by, action: 'alert.acknowledge', target: alertId, detail: { via } }),
        },
      );
      loops.wake();
    },
    lastRunAt: () => engine.lastRunAt,
    silences: createSilences({ store, resolveOnCall: options.resolveOnCall, audit, now: () => engine.now() }, () =>
      loops.wake(),
    ),
    pages,
  };
}
