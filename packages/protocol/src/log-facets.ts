/** Fields of log records whose values are counted beside the log, and offered for a search. */
export const LOG_FACETS = [
  'level',
  'service',
  'environment',
  'release',
  'type',
  'event',
  'severity',
  'endpoint',
  'method',
  'statusCode',
] as const;
