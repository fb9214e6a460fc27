import { queryOptions } from '@tanstack/react-query';
import type {
  ActionPlan,
  Connections,
  DatabaseChange,
  DatabaseFindings,
  DatabaseItem,
  IndexStatus,
  MaintenanceRunDetail,
  MaintenanceRunItem,
  Page,
  QueryPlan,
  ServerLoad,
  SessionStatus,
  StatementLoad,
  StatementPoint,
  TableStatus,
  Waits,
} from '@yumops/protocol';
import { get, post } from '../../api/client.ts';

/** The address of something about a database. */
export const pathOf = (database: string, rest: string) => `/api/v1/databases/${encodeURIComponent(database)}/${rest}`;

export const databasesQuery = queryOptions({
  queryKey: ['databases'],
  queryFn: ({ signal }) => get<Page<DatabaseItem>>('/api/v1/databases', {}, signal),
});

export function findingsQuery(database: string) {
  return queryOptions({
    queryKey: ['databases', database, 'findings'],
    queryFn: ({ signal }) => get<DatabaseFindings>(pathOf(database, 'findings'), {}, signal),
  });
}

/** The lengths of time that statements are summed over. */
export const SPANS = [
  { value: '1h', label: '1 hour', ms: 3_600_000 },
  { value: '24h', label: '24 hours', ms: 86_400_000 },
  { value: '7d', label: '7 days', ms: 7 * 86_400_000 },
] as const;

export type SpanName = (typeof SPANS)[number]['value'];

export function readSpan(text: string | undefined): SpanName {
  return SPANS.find(({ value }) => value === text)?.value ?? '1h';
}

function since(span: SpanName): { from: number; to: number } {
  const to = Date.now();
  return { from: to - (SPANS.find(({ value }) => value === span)?.ms ?? 0), to };
}

/** @param text the only statement that is asked for */
export function loadsQuery(database: string, span: SpanName, text?: string) {
  return queryOptions({
    queryKey: ['databases', database, 'queries', span, { text }],
    queryFn: ({ signal }) =>
      get<Page<StatementLoad>>(pathOf(database, 'queries'), { ...since(span), ...(text && { text }) }, signal),
  });
}

export function historyQuery(database: string, id: string, span: SpanName) {
  return queryOptions({
    queryKey: ['databases', database, 'queries', span, id],
    queryFn: ({ signal }) => get<Page<StatementPoint>>(pathOf(database, `queries/${id}`), since(span), signal),
  });
}

export function waitsQuery(database: string, span: SpanName) {
  return queryOptions({
    queryKey: ['databases', database, 'waits', span],
    queryFn: ({ signal }) => get<Waits>(pathOf(database, 'waits'), since(span), signal),
  });
}

export function serverQuery(database: string, span: SpanName) {
  return queryOptions({
    queryKey: ['databases', database, 'server', span],
    queryFn: ({ signal }) => get<ServerLoad>(pathOf(database, 'server'), since(span), signal),
  });
}

/** What connections are counted by. */
export const GROUPINGS = [
  { value: 'state', label: 'State' },
  { value: 'user', label: 'User' },
  { value: 'application', label: 'Application' },
] as const;

export type Grouping = (typeof GROUPINGS)[number]['value'];

export function readGrouping(text: string | undefined): Grouping {
  return GROUPINGS.find(({ value }) => value === text)?.value ?? 'state';
}

export function connectionsQuery(database: string, span: SpanName, by: Grouping) {
  return queryOptions({
    queryKey: ['databases', database, 'connections', span, by],
    queryFn: ({ signal }) => get<Connections>(pathOf(database, 'connections'), { ...since(span), by }, signal),
  });
}

export function changesQuery(database: string) {
  return queryOptions({
    queryKey: ['databases', database, 'changes'],
    queryFn: ({ signal }) => get<Page<DatabaseChange>>(pathOf(database, 'changes'), { limit: 500 }, signal),
  });
}

export function planQuery(database: string, id: string) {
  return queryOptions({
    queryKey: ['databases', database, 'plan', id],
    queryFn: ({ signal }) => get<QueryPlan>(pathOf(database, `queries/${id}/plan`), {}, signal),
    retry: false,
    staleTime: 60_000,
  });
}

export function activityQuery(database: string) {
  return queryOptions({
    queryKey: ['databases', database, 'activity'],
    queryFn: ({ signal }) => get<Page<SessionStatus>>(pathOf(database, 'activity'), { limit: 500 }, signal),
  });
}

export function tablesQuery(database: string) {
  return queryOptions({
    queryKey: ['databases', database, 'tables'],
    queryFn: ({ signal }) => get<Page<TableStatus>>(pathOf(database, 'tables'), { limit: 200 }, signal),
  });
}

export function indexesQuery(database: string) {
  return queryOptions({
    queryKey: ['databases', database, 'indexes'],
    queryFn: ({ signal }) => get<Page<IndexStatus>>(pathOf(database, 'indexes'), { limit: 200 }, signal),
  });
}

export function runsQuery(database: string) {
  return queryOptions({
    queryKey: ['databases', database, 'runs'],
    queryFn: ({ signal }) => get<Page<MaintenanceRunItem>>(pathOf(database, 'maintenance/runs'), {}, signal),
  });
}

export function runQuery(database: string, id: string) {
  return queryOptions({
    queryKey: ['databases', database, 'runs', id],
    queryFn: ({ signal }) => get<MaintenanceRunDetail>(pathOf(database, `maintenance/runs/${id}`), {}, signal),
  });
}

/** What a run would do now; asked for by hand, because it counts rows. */
export function maintenancePlanQuery(database: string) {
  return queryOptions({
    queryKey: ['databases', database, 'plan'],
    queryFn: ({ signal }) => post<Page<ActionPlan>>(pathOf(database, 'maintenance/plan'), {}, signal),
    staleTime: 60_000,
    retry: false,
  });
}
