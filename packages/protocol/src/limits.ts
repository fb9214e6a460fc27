/** Largest body of one ingest request after decompression, bytes. */
export const MAX_INGEST_BODY = 32 * 1024 * 1024;

/** Largest single log record as JSON, bytes. */
export const MAX_LOG_RECORD = 256 * 1024;

/** How far before its arrival a record's own time is believed, milliseconds (30 days). */
export const MAX_PAST = 30 * 86_400_000;

/** How far after its arrival a record's own time is believed, milliseconds (10 minutes). */
export const MAX_FUTURE = 10 * 60_000;
