import { type Column, columnIndex, type Draft } from './draft.ts';
import {
  type Reader,
  readBoolean,
  readByteCount,
  readDuration,
  readLevel,
  readNumber,
  readStatusCode,
  readText,
  readType,
} from './readers.ts';

export interface FieldRule {
  column: number;
  /** Key and column have the same name, so that the sender's bytes can be the row. */
  own: boolean;
  /** Taken only when the record lacks this key. */
  unless?: string;
  read: Reader;
}

/** What a record of one kind becomes. */
export interface Route {
  table: string;
  rules: ReadonlyMap<string, FieldRule>;
  /** Columns of the table that rules fill, in order. */
  columns: readonly number[];
  /** Objects whose members become attributes under their own names. */
  inner: ReadonlySet<string>;
  required: readonly Column[];
  retentionClass(draft: Draft): string;
}

const SHARED: [Column, Reader][] = [
  ['service', readText],
  ['environment', readText],
  ['release', readText],
];

const ids: [Column, Reader][] = [
  ['requestId', readText],
  ['traceId', readText],
];

const LOG: [Column, Reader][] = [
  ['level', readLevel],
  ['message', readText],
  ['type', readType],
  ['event', readText],
  ['severity', readText],
  ['endpoint', readText],
  ['method', readText],
  ['statusCode', readStatusCode],
  ['duration', readDuration],
  ['ip', readText],
  ['userId', readText],
  ...ids,
  ['spanId', readText],
];

/** Columns that a request adds to those of its log line; in `application_logs` they are attributes. */
export const REQUEST_EXTRAS: ReadonlyMap<string, { column: number; read: Reader }> = new Map(
  (
    [
      ['requestBytes', readByteCount],
      ['responseBytes', readByteCount],
      ['clientIp', readText],
      ['slow', readBoolean],
      ['aborted', readBoolean],
    ] as [Column, Reader][]
  ).map(([name, read]) => [name, { column: columnIndex(name), read }]),
);

export const LOG_ROUTE = route('logs', [...LOG, ...SHARED], [], (draft) => {
  if (draft.type === 'security') return 'security';
  return draft.level === 'debug' || draft.level === 'trace' ? 'debug_logs' : 'logs';
});

export const METRIC_ROUTE = route(
  'metric_rows',
  [
    ['name', readText],
    ['value', readNumber],
    ['count', readByteCount],
    ['sum', readNumber],
    ['unit', readText],
    ...SHARED,
  ],
  ['name', 'value'],
  () => 'metrics',
);

export const OUTBOUND_ROUTE = route(
  'outbound_rows',
  [
    ['provider', readText],
    ['host', readText],
    ['method', readText],
    ['statusCode', readStatusCode],
    ['duration', readDuration],
    ['failed', readBoolean],
    ['reason', readText],
    ...ids,
    ...SHARED,
  ],
  ['host'],
  () => 'requests',
);

/** Columns of `request_rows`, which a request's log line fills too. */
export const REQUEST_COLUMNS: readonly number[] = (
  [
    'timestamp',
    'service',
    'environment',
    'release',
    'method',
    'endpoint',
    'statusCode',
    'duration',
    'requestBytes',
    'responseBytes',
    'requestId',
    'traceId',
    'clientIp',
    'userId',
    'slow',
    'aborted',
  ] as Column[]
).map(columnIndex);

/** Every key that some route reads, and those that decide the route. */
export const FIELDS: ReadonlySet<string> = new Set([
  'timestamp',
  'time',
  'type',
  ...[LOG_ROUTE, METRIC_ROUTE, OUTBOUND_ROUTE].flatMap(({ rules, inner }) => [...rules.keys(), ...inner]),
  ...REQUEST_EXTRAS.keys(),
]);

function route(
  table: string,
  columns: [Column, Reader][],
  required: Column[],
  retentionClass: (draft: Draft) => string,
): Route {
  const rules = new Map<string, FieldRule>();
  for (const [name, read] of columns) rules.set(name, { column: columnIndex(name), own: true, read });
  rules.set('version', { column: columnIndex('release'), own: false, unless: 'release', read: readText });
  if (rules.has('message')) {
    rules.set('msg', { column: columnIndex('message'), own: false, unless: 'message', read: readText });
  }
  return {
    table,
    rules,
    columns: [columnIndex('timestamp'), ...columns.map(([name]) => columnIndex(name))],
    inner: new Set(table === 'metric_rows' ? ['attributes', 'labels'] : ['attributes']),
    required,
    retentionClass,
  };
}
