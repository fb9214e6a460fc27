export type { BatchStep } from './batch/batcher.ts';
export { type ClaimOptions, DeliveryClaims } from './claims.ts';
export { type ExpiredPartition, expirePartitions } from './expire.ts';
export type { ForeignFormat } from './foreign/translate.ts';
export {
  createIngest,
  type Delivery,
  type Ingest,
  type IngestOptions,
  type IngestStats,
  type OtlpDelivery,
  type OtlpOutcome,
  type RumDelivery,
  type ShowLogRows,
} from './ingest.ts';
export { IngestLags } from './lags.ts';
export { exportAnswer, statusAnswer } from './otlp/answer.ts';
export type { OtlpEncoding, OtlpSignal } from './otlp/decode.ts';
export type { BodyFormat } from './record/body.ts';
export { REDACTED, scrubText } from './record/scrub.ts';
export { scrubTree } from './record/scrub-tree.ts';
export { isSecretName } from './record/secret-names.ts';
export { followRequestLines } from './request-lines.ts';
export { readBeacon } from './rum/beacon.ts';
export type { SentryCheckIn } from './sentry/context.ts';
export type { SentryAnswer, SentryDelivery } from './sentry/door.ts';
export type { SentryFormat } from './sentry/intake.ts';
export { OpenRuns } from './sentry/open-runs.ts';
export { USER_NAMES, userKey } from './sentry/user-key.ts';
export type { Tail, TailFilter, TailListener, TailRow } from './tail.ts';
