export type { BatchStep } from './batch/batcher.ts';
export { type ExpiredPartition, expirePartitions } from './expire.ts';
export { createIngest, type Delivery, type Ingest, type IngestOptions, type IngestStats } from './ingest.ts';
export type { BodyFormat } from './record/body.ts';
export { REDACTED, scrubText, scrubValue } from './record/scrub.ts';
export { isSecretName } from './record/secret-names.ts';
export type { Tail, TailFilter, TailListener, TailRow } from './tail.ts';
