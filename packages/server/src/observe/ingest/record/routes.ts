import { COLUMNS, type Column, columnIndex, type Draft } from './draft.ts';
import {
  type Reader,
  readBoolean,
  readByteCount,
  readDuration,
  readLevel,
  readNumber,
  readSpanId,
  readStatusCode,
  readText,
} from './readers.ts';

export interface FieldRule {
  column: number;
  /** Key and column have the same name, so that the sender's bytes can be the row. */
  own: boolean;
  /** Taken only when the record lacks the field of this number. */
  unless: number;
  read: Reader;
}

/** What a record of one kind becomes. */
export interface Route {
  table: string;
  /** By number of the field. */
  rules: readonly (FieldRule | undefined)[];
  /** Columns of the table that rules fill, in order. */
  columns: readonly number[];
  /** Objects whose members become attributes under their own names. */
  inner: ReadonlySet<number>;
  required: readonly Column[];
  retentionClass(draft: Draft): string;
}

/** Every key that means something to the platform: the columns, and names that stand for one of them. */
export const FIELDS: readonly string[] = [...COLUMNS, 'time', 'msg', 'version', 'attributes', 'labels'];

/** The number of a field in the tables here. */
export function fieldNumber(name: string): number {
  return FIELDS.indexOf(name);
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
  ['type', readText],
  ['event', readText],
  ['severity', readText],
  ['endpoint', readText],
  ['method', readText],
  ['statusCode', readStatusCode],
  ['duration', readDuration],
  ['ip', readText],
  ['userId', readText],
  ...ids,
  ['spanId', readSpanId],
];

/** Columns that a request adds to those of its log line; in `application_logs` they are attributes. */
export const REQUEST_EXTRAS: readonly { field: number; column: number; read: Reader }[] = (
  [
    ['requestBytes', readByteCount],
    ['responseBytes', readByteCount],
    ['clientIp', readText],
    ['slow', readBoolean],
    ['aborted', readBoolean],
  ] as [Column, Reader][]
).map(([name, read]) => ({ field: fieldNumber(name), column: columnIndex(name), read }));

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

function route(
  table: string,
  columns: [Column, Reader][],
  required: Column[],
  retentionClass: (draft: Draft) => string,
): Route {
  const rules = new Array<FieldRule | undefined>(FIELDS.length).fill(undefined);
  const alias = (name: string, column: Column) => {
    const rule = rules[fieldNumber(column)];
    if (rule) rules[fieldNumber(name)] = { ...rule, own: false, unless: fieldNumber(column) };
  };
  for (const [name, read] of columns) {
    rules[fieldNumber(name)] = { column: columnIndex(name), own: true, unless: -1, read };
  }
  alias('version', 'release');
  alias('msg', 'message');
  return {
    table,
    rules,
    columns: [columnIndex('timestamp'), ...columns.map(([name]) => columnIndex(name))],
    inner: new Set((table === 'metric_rows' ? ['attributes', 'labels'] : ['attributes']).map(fieldNumber)),
    required,
    retentionClass,
  };
}
