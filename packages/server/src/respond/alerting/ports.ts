import type { AlertState, MonitorState, Severity } from '@yumops/protocol';
import type { Queryable } from '../../lib/db.ts';
import type { DeadChannel } from './deliver/dead-channels.ts';
import type { AlertSubject, Episode } from './episode.ts';
import type { Labels } from './fingerprint.ts';
import type { Durable, OnCallAt } from './group/facts.ts';
import type { Claimed, Decision, GroupState } from './group/state.ts';
import type { Instance } from './instance.ts';
import type { Lease, LeaseAnswer, LeaseWish } from './lease.ts';
import type { Push, PushedAlert, PushProgress } from './push/pushed.ts';
import type { Silence } from './silence/silence.ts';

/** What a monitor is held to be, for the "monitor down" alerts. Implemented by uptime. */
export interface MonitorStatus {
  id: string;
  name: string;
  state: MonitorState;
  /** Since when, ms since the epoch. */
  since: number;
  /** What was expected and what came. */
  reason: string | null;
  severity: Severity;
  /** Direct receivers; none = those of its policy alone. */
  notifications?: readonly { channel: string; target: string; broken?: string | null }[];
  /** Name of a policy; undefined or null = the one of `alert_settings`. */
  escalation?: string | null;
  labels: Readonly<Record<string, string>>;
  /** Name of the monitor whose outage explains this one. */
  parent?: string | null;
  runbook?: string | null;
  /** Left out or null = of the whole installation. */
  project?: string | null;
  /** Whole days until its certificate ends; null or undefined where there is none. */
  certificateDays?: number | null;
}

/** Something wrong that another part of the platform found. It is told to the platform's own receivers. */
export interface WatchedCondition {
  /** Stable; what is no longer among the conditions has ended, but for the first minute after a start. */
  id: string;
  /** Name of the alert. */
  name: string;
  labels: Readonly<Record<string, string>>;
  holds: boolean;
  /** How long it must hold before it is told, ms. */
  forMs: number;
  /** One sentence. */
  reason: string;
}

export type MonitorStates = () => Promise<readonly MonitorStatus[]>;

/**
 * The event time of the oldest row that is not in the store yet, ms since the epoch; undefined when all are.
 * Implemented by ingest.
 */
export type Watermark = () => number | undefined | Promise<number | undefined>;

/** Writes an audit row in the transaction of the change. Implemented by access. */
export type Audit = (
  tx: Queryable,
  entry: { at: number; actor: string; action: string; target: string; detail?: Record<string, unknown> },
) => Promise<void>;

/** Reads who is on call at an instant (ms since the epoch), for any policy. Implemented by on-call. */
export type ResolveOnCall = (now: number) => Promise<OnCallAt>;

/** A stretch of time, ms since the epoch; the end is not part of it. */
export interface Span {
  start: number;
  end: number;
}

/** What planned work mutes and excludes, as known at one instant. */
export interface Planned {
  /** Why an alert with these labels is not told of at `at` (ms), and until when; null = it is. */
  muteOf(labels: Labels, at: number): { reason: string; until: number } | null;
  /** The parts of `[from, to)` (ms) that do not count for an SLO. */
  excludedOf(slo: string, from: number, to: number): readonly Span[];
}

/** Nothing is muted or excluded. */
export const NOTHING_PLANNED: Planned = { muteOf: () => null, excludedOf: () => [] };

/** Reads planned work for decisions at an instant, ms since the epoch. Implemented by windows. */
export type PlannedWork = (now: number) => Promise<Planned>;

/** Counts and sums of one series in one slice of time. */
export interface Bucket {
  /** End of the slice, ms since the epoch; it holds what happened in `(at - width, at]`. */
  at: number;
  labels: Readonly<Record<string, string>>;
  count: number;
  bad: number;
  sum: number;
  min: number;
  max: number;
  /** Value and time (ms) of the newest sample. */
  last: number;
  lastAt: number;
  /** Occurrences by logarithmic class, see `durationClass`. */
  classes: readonly (readonly [number, number])[];
}

export interface BucketQuery {
  /** A row of `rule_buckets.series`. */
  series: string;
  /** Labels to keep apart; all others are added up. */
  dimensions: readonly string[];
  /** Buckets that end in `(from, to]`, ms since the epoch. */
  from: number;
  to: number;
  /** Width of the slices in ms, a multiple of 1,000. */
  widthMs: number;
  /** Also read the classes of values, which percentiles need. */
  classes: boolean;
}

/** Where rules read what happened. */
export interface BucketSource {
  read(query: BucketQuery): Promise<Bucket[]>;
}

/** What is known of a rule as a whole. Times in ms since the epoch. */
export interface RuleStatus {
  ruleId: string;
  state: AlertState;
  value: number | null;
  sample: number | null;
  reason: string;
  /** The last slot that was evaluated. */
  lastSlot: number | null;
  /** Slots that were never evaluated. */
  missedTotal: number;
  /** Since when it cannot be evaluated (query failed, ingest behind); null = it can. */
  blockedSince: number | null;
}

/** What a firing alert says now. */
export interface Saying {
  alertId: string;
  said: Pick<AlertSubject, 'value' | 'sample' | 'summary' | 'annotations'>;
}

export interface Change {
  groupKey: string;
  /** Refused when another holder has the lease since; null = anyone may (acknowledgements, deliveries). */
  lease: Lease | null;
  /** Ended alerts that the decision also needs. */
  alertIds: readonly string[];
  /** Instances to write in the same transaction. */
  instances: readonly Instance[];
  /** What came of pushed alerts, to write in the same transaction. */
  pushed?: readonly { fingerprint: string; progress: PushProgress }[];
  /** The group may be new: whether it is, is looked at before anything else is read. */
  begins?: boolean;
  /** Silences that end before are not read, ms since the epoch. */
  now: number;
  /** What fires elsewhere is read too; it always is for a group with alerts that others may mute. */
  readsFiring?: boolean;
  decide(state: GroupState, durable: Durable): Decision;
  /** Runs inside the transaction, after the writes. */
  afterwards?(tx: Queryable): Promise<void>;
}

/** A worker that sends what a change writes. */
export interface Sender {
  worker: string;
  /** When the messages were taken, and until when they are the worker's; ms since the epoch. */
  now: number;
  until: number;
  room: ClaimRoom;
}

/** What changes of several groups came to. */
export interface Changed {
  /** In the order of the changes. */
  decisions: Decision[];
  /** The messages that the sender has taken. */
  claimed: Claimed[];
}

/** What a worker has room for. */
export interface ClaimRoom {
  /** The most messages of channels that are throttled, and of those that are not. */
  messages: number;
  /** The most of one target at once, where its channel is not throttled. */
  perTarget: number;
  /** Targets (`channel/target`) that have enough: nothing is taken for them. */
  busy: readonly string[];
}

export type { Lease } from './lease.ts';

/** The durable state of the alert path. One contract, two implementations: Postgres and memory. */
export interface AlertStore {
  /**
   * Takes or renews the lease, unless another holder has it. The same `holder` gets it back at once: it is the same
   * instance, started again.
   */
  lease(wish: LeaseWish): Promise<LeaseAnswer>;
  release(lease: Lease): Promise<void>;

  instances(): Promise<Instance[]>;
  ruleStatuses(): Promise<RuleStatus[]>;
  /** Writes statuses and instances that came without any effect on alerts. */
  saveEvaluation(lease: Lease, statuses: readonly RuleStatus[], instances: readonly Instance[]): Promise<void>;

  /** Takes over what firing alerts say now; those that do not fire are left alone. */
  follow(lease: Lease, sayings: readonly Saying[]): Promise<void>;

  /** Loads a group, decides, and writes all of the result, in one transaction. */
  change(change: Change): Promise<Decision>;
  /**
   * The same for several groups, each once, in one transaction and under one lease; a later decision sees what an earlier
   * one made fire. @param sender takes new messages that may leave at once, in the same transaction
   */
  changeAll(changes: readonly Change[], sender?: Sender): Promise<Changed>;
  /** Keys of groups with something due at `now`. */
  dueGroups(now: number): Promise<string[]>;
  /**
   * The next instant at which a group or a message has something to do, ms since the epoch.
   * @param room messages that a worker has no room for are left out: it says when it has room again
   */
  nextDue(room?: ClaimRoom): Promise<number | null>;
  /** The groups of alerts by their ids; an id that does not exist has none. */
  groupsOf(alertIds: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /** Every alert that fires. */
  firingAlerts(): Promise<Episode[]>;
  /** Takes pushes in, in their order; committed when it resolves. `now`: ms since the epoch. */
  push(pushes: readonly Push[], now: number): Promise<void>;
  /** Up to `limit` pushed alerts that changed since they were looked at, or whose end has come. */
  pushedToHandle(now: number, limit: number): Promise<PushedAlert[]>;
  /** When each pushed alert that is kept was sent last, and when it ends, by fingerprint; ms since the epoch. */
  pushedTimes(): Promise<ReadonlyMap<string, Pick<PushedAlert, 'receivedAt' | 'endsAt'>>>;
  /** Forgets pushed alerts that ended before this time, ms since the epoch. */
  prunePushed(before: number): Promise<void>;
  /** Every silence that is kept, newest first. */
  silences(): Promise<Silence[]>;
  /** Adds or replaces a silence. `afterwards` runs inside the transaction. */
  writeSilence(silence: Silence, afterwards: (tx: Queryable) => Promise<void>): Promise<void>;
  /** Forgets silences that were over before this time, ms since the epoch. */
  pruneSilences(before: number): Promise<void>;
  /** Channels by which nothing arrives at `now`, ms since the epoch. */
  deadChannels(now: number): Promise<DeadChannel[]>;
  /** Forgets synthetic alerts that were over before this time, ms since the epoch, with their messages. */
  pruneSynthetic(before: number): Promise<void>;
  /** Has every muted alert looked at again at `now`, ms since the epoch. */
  wakeMuted(now: number): Promise<void>;

  /**
   * Takes messages that are due for sending. Two messages of one group to one target are never out at the same time and
   * keep their order. SMS, calls and e-mails are throttled, and counted by themselves; those that leave as one come with
   * the same `bundle`.
   */
  claim(worker: string, now: number, leaseMs: number, room: ClaimRoom): Promise<Claimed[]>;
  /** The messages that left under this id, with their alerts: one, or all of a bundle. */
  leftAs(id: string): Promise<{ id: string; groupKey: string; alertIds: readonly string[] }[]>;
  /** Messages whose worker is gone: its lease has run out, or it is this worker's own former life. */
  interrupted(worker: string, now: number, inFlight: readonly string[]): Promise<{ id: string; groupKey: string }[]>;
}
