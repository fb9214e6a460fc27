export { type Alerting, type AlertingOptions, createAlerting } from './alerting.ts';
export type { AlertingConfig } from './alerting-config.ts';
export type { RuleConfig } from './config.ts';
export { AlertEngine } from './engine.ts';
export { BucketCache } from './evaluate/buckets.ts';
export { durationClass } from './evaluate/duration-class.ts';
export { readWindow } from './evaluate/reading.ts';
export { demandOf } from './evaluate/series.ts';
export { stepRule } from './evaluate/step-rule.ts';
export { changeGroup } from './group/change.ts';
export type { Decision } from './group/state.ts';
export type { Instance } from './instance.ts';
export { MONITOR_RULE, MONITOR_RULE_ID } from './monitor-alerts.ts';
export type {
  Audit,
  Bucket,
  BucketQuery,
  BucketSource,
  Change,
  Lease,
  MonitorStates,
  MonitorStatus,
  RuleStatus,
  Watermark,
} from './ports.ts';
export { AlertPages } from './read/pages.ts';
export { alertsOfMessage, alertsToldTo, type ToldAlert } from './read/told-alerts.ts';
export { addSilence } from './silence/add-silence.ts';
export { endSilence } from './silence/end-silence.ts';
export { parseMatcher } from './silence/matcher.ts';
export type { Silences } from './silence/silences.ts';
export { storedBuckets } from './state/bucket-query.ts';
export { MemoryAlertStore } from './state/memory.ts';
