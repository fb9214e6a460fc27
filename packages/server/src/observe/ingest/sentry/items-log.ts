import { eventTime } from '../record/event-time.ts';
import { hexId, type Json, numberOf, objectOf, textOf } from '../record/json-value.ts';
import { normalizeLevel } from '../record/level.ts';
import { scrubTree } from '../record/scrub-tree.ts';
import { addTaken, type ItemContext } from './context.ts';
import { attributesOf } from './items-span.ts';
import { addRow, originOf } from './rows.ts';

/** Members of a container at most. */
const MOST = 10_000;

/** Attributes that become columns of a log row, by column. */
const COLUMNS = {
  type: 'type',
  event: 'event',
  severity: 'severity',
  endpoint: 'endpoint',
  method: 'method',
  requestId: 'requestId',
  userId: 'user.id',
} as const;

/** Adds the records of a container of logs. @returns how many were not understood */
export function addLogItems(items: readonly unknown[], context: ItemContext, seed: string): number {
  let refused = Math.max(0, items.length - MOST);
  items.slice(0, MOST).forEach((given, index) => {
    const log = objectOf(scrubTree(given));
    const message = textOf(log['body'], 65_536);
    if (message === null) refused += 1;
    else addLog(log, message, `${seed}-${index.toString(36)}`, context);
  });
  return refused;
}

function addLog(log: Json, message: string, id: string, context: ItemContext): void {
  const attributes: Record<string, string> = { ...context.inferred, ...attributesOf(log['attributes']) };
  const { at, original } = eventTime(log['timestamp'], context.drift, context.now);
  if (original !== null) attributes['originalTimestamp'] = new Date(original).toISOString();
  const level = normalizeLevel(textOf(log['level'], 32) ?? 'info') ?? 'info';
  const columns = Object.fromEntries(
    Object.entries(COLUMNS).map(([column, name]) => {
      const value = attributes[name] ?? null;
      delete attributes[name];
      return [column, value];
    }),
  );
  const origin = originOf(context, {
    service: attributes['service.name'] ?? attributes['service'],
    environment: attributes['sentry.environment'],
    release: attributes['sentry.release'],
  });
  const retentionClass = level === 'debug' || level === 'trace' ? 'debug_logs' : 'logs';
  addRow(context, 'logs', columns['type'] === 'security' ? 'security' : retentionClass, at, {
    timestamp: at,
    id: `${at.toString(36)}-${id}`,
    ...origin,
    level,
    message,
    ...columns,
    traceId: hexId(log['trace_id']),
    spanId: hexId(log['span_id'] ?? attributes['sentry.trace.parent_span_id'], 16),
    attributes,
  });
  addTaken(context.out, 'log_item');
}

/** Adds the points of a container of metrics. @returns how many were not understood */
export function addMetricItems(items: readonly unknown[], context: ItemContext, seed: string): number {
  let refused = Math.max(0, items.length - MOST);
  items.slice(0, MOST).forEach((given, index) => {
    const metric = objectOf(scrubTree(given));
    const name = textOf(metric['name'], 300);
    const value = numberOf(metric['value']);
    if (name === null || value === null) refused += 1;
    else addMetric(metric, { name, value, id: `${seed}-${index.toString(36)}` }, context);
  });
  return refused;
}

function addMetric(metric: Json, point: { name: string; value: number; id: string }, context: ItemContext): void {
  const attributes = { ...context.inferred, ...attributesOf(metric['attributes']) };
  const { at } = eventTime(metric['timestamp'], context.drift, context.now);
  const origin = originOf(context, {
    service: attributes['service.name'],
    environment: attributes['sentry.environment'],
    release: attributes['sentry.release'],
  });
  const own = Object.fromEntries(Object.entries(attributes).filter(([key]) => !key.startsWith('sentry.')));
  addRow(context, 'metric_rows', 'metrics', at, {
    timestamp: at,
    ...point,
    ...origin,
    type: textOf(metric['type'], 32) ?? 'gauge',
    unit: textOf(metric['unit'], 64),
    attributes: own,
  });
  addTaken(context.out, 'trace_metric');
}
