import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import type { Log } from '../../lib/log.ts';
import type { TelemetryStore } from '../../lib/telemetry.ts';
import type { Notifier, ReplyLink } from '../notify/index.ts';
import { type AlertActions, alertActions } from './actions.ts';
import type { AlertingConfig } from './alerting-config.ts';
import type { Limits } from './deliver/throttle.ts';
import { AlertEngine } from './engine.ts';
import { changeGroup } from './group/change.ts';
import { AlertLoops } from './loops.ts';
import type { MetricSource } from './metrics.ts';
import type { OutageSpool } from './outage/spool.ts';
import type { Audit, MonitorStates, PlannedWork, ResolveOnCall, WatchedCondition, Watermark } from './ports.ts';
import { type SentAlert, toPush } from './push/accept.ts';
import { type ListedAlert, type Listing, listAlerts } from './push/listing.ts';
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
  /** What other parts of the platform find wrong at the moment. */
  conditions?: () => readonly WatchedCondition[];
  resolveOnCall: ResolveOnCall;
  /** Left out = nothing is planned. */
  plannedWork?: PlannedWork;
  /** Why the files of the configuration as they are now do not run; null when they do. */
  configRefusal?: () => string | null;
  config: AlertingConfig;
  /** Makes the ways out of one version of the configuration, by channel; `createNotifiers` of notify does. */
  notifiers: (config: AlertingConfig) => ReadonlyMap<string, Notifier>;
  audit: Audit;
  clock: Clock;
  log: Log;
  /** Base of links in messages, without a slash at the end. */
  publicUrl: string;
  /** Where the receiver of an e-mail can act on its alerts; left out = mails carry no such link. */
  replyLink?: ReplyLink;
  /** Name of this instance; the same after a restart, and no two instances at a time have it. */
  instance: string;
  /** Where critical alerts are kept while the state store is away; left out = they wait for it. */
  outageSpool?: OutageSpool;
  /** How much leaves at most; left out = `LIMITS`. */
  limits?: Limits;
}

/** The alert path of the platform. */
export interface Alerting extends AlertActions {
  start(): void;
  /**
   * Follows the time that all instances agree on, where another instance evaluates and delivers.
   * @param now ms since the epoch
   */
  learnTime(now: number): void;
  /** Lets running deliveries end, and gives the lease back. What is due later stays in the outbox. */
  stop(): Promise<void>;
  /** Uses another configuration from the next evaluation on. */
  reload(config: AlertingConfig): void;
  /** Something changed that alerts may depend on: a monitor's state, or an outbox row of another instance. */
  nudge(): void;
  /** Whether this instance evaluates. */
  isLeader(): boolean;
  /** Rows of these sources are in the store: rules that count them are evaluated at once, where this instance evaluates. */
  counted(sources: Iterable<MetricSource>): void;
  /** Planned work has changed: what is muted now waits, and what nothing mutes any more is told. */
  replan(): Promise<void>;
  /** Takes alerts that others push; when this resolves they are committed. @throws YumOpsError `invalid_alert` (400) */
  push(alerts: readonly SentAlert[]): Promise<void>;
  /** @throws YumOpsError `invalid_alert` (400) for one that `push` would refuse */
  checkAlert(alert: SentAlert): void;
  /** What fires, for Alertmanager's API. @throws YumOpsError `invalid_matcher` (400) */
  listAlerts(asked: Listing): Promise<ListedAlert[]>;
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
  const store = new PostgresAlertStore(db, undefined, options.limits);
  const buckets = storedBuckets(options.telemetry);
  const pages = new AlertPages(db, buckets, config, () => engine.now(), options.plannedWork);
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
  const { resolveOnCall, plannedWork } = options;
  const deps = { store, resolveOnCall, plannedWork, audit, now: () => engine.now() };
  const wake = () => loops.wake();
  return {
    ...alertActions({ ...deps, wake }),
    start: () => loops.start(),
    learnTime: (now) => engine.learnTime(now),
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
    isLeader: () => engine.isLeader(),
    counted(sources) {
      engine.counted(sources);
      loops.wakeLeading();
    },
    async replan() {
      for (const groupKey of new Set((await store.firingAlerts()).map((alert) => alert.groupKey))) {
        await changeGroup(deps, { groupKey, inputs: [], now: () => engine.now() });
      }
      await store.wakeMuted(engine.now());
      loops.wake();
    },
    async push(alerts) {
      await engine.accept(alerts);
      loops.wakeServing();
    },
    checkAlert: (alert) => void toPush(alert, 0, engine.now()),
    listAlerts: (asked) => listAlerts(store, asked, engine.now()),
    lastRunAt: () => engine.lastRunAt,
    silences: createSilences(deps, wake),
    pages,
  };
}
