export { type Alerting, createAlerting } from './alerting.ts';
export type { AlertingConfig } from './alerting-config.ts';
export type { AlertSettings, Burn, Indicator, RuleConfig, Target } from './config.ts';
export { notificationsShape } from './config.ts';
export type { Receivers } from './config-receivers.ts';
export { AlertEngine } from './engine.ts';
export type { Episode } from './episode.ts';
export { BucketCache } from './evaluate/buckets.ts';
export { BurnWindows, burnRate, type Excluded } from './evaluate/burn-windows.ts';
export { classLimit, durationClass } from './evaluate/duration-class.ts';
export { makeReaders, readerKey } from './evaluate/readers.ts';
export { readWindow, type WindowReader } from './evaluate/reading.ts';
export { demandOf } from './evaluate/series.ts';
export { stepRule } from './evaluate/step-rule.ts';
export type { Labels } from './fingerprint.ts';
export { changeGroup } from './group/change.ts';
export type { Decision } from './group/state.ts';
export { compileMatchers } from './inhibit/config.ts';
export type { Instance } from './instance.ts';
export { type MetricSource, RULE_METRICS } from './metrics.ts';
export { MONITOR_RULE, MONITOR_RULE_ID } from './monitor-alerts.ts';
export { queueNotice } from './notice.ts';
export { FileOutageSpool } from './outage/spool.ts';
export type {
  AlertStore,
  Audit,
  Bucket,
  BucketQuery,
  BucketSource,
  Change,
  Lease,
  MonitorStates,
  MonitorStatus,
  Planned,
  PlannedWork,
  RuleStatus,
  Span,
  WatchedCondition,
  Watermark,
} from './ports.ts';
export { NOTHING_PLANNED } from './ports.ts';
export type { SentAlert } from './push/accept.ts';
export type { ListedAlert } from './push/listing.ts';
export { episodesById, exhaustedAmong } from './read/episodes.ts';
export { factsOfAlerts } from './read/facts.ts';
export { AlertPages } from './read/pages.ts';
export { type AlertStatistics, alertStatistics, type RuleStatistics } from './read/statistics.ts';
export { alertsOfMessage, alertsToldTo, type ToldAlert } from './read/told-alerts.ts';
export { period } from './sentence.ts';
export { addSilence } from './silence/add-silence.ts';
export { endSilence } from './silence/end-silence.ts';
export { formatMatcher, type Matcher, matchesAll, parseMatcher } from './silence/matcher.ts';
export { matchable } from './silence/silence.ts';
export type { Silences } from './silence/silences.ts';
export { storedBuckets } from './state/bucket-query.ts';
export { MemoryAlertStore } from './state/memory.ts';
