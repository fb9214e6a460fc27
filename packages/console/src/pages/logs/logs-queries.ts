import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type {
  LogFields,
  LogHistogram,
  LogPage,
  LogPatterns,
  LogRowDetail,
  Page,
  QueryAnswer,
  SavedView,
} from '@yumops/protocol';
import { get, post } from '../../api/client.ts';
import type { Span } from '../../time/range.ts';

const PAGE = 200;
const BUCKETS = 60;

/** A search: query text and the instants between which it looks. */
export interface LogSearch {
  q: string;
  span: Span;
}

function parameters({ q, span }: LogSearch) {
  return { q, from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
}

export function readPage(
  search: LogSearch,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<LogPage> {
  return get<LogPage>('/api/v1/logs', { ...parameters(search), limit, cursor }, signal);
}

/** Rows, newest first, a page at a time. */
export function rowsQuery(search: LogSearch) {
  return infiniteQueryOptions({
    queryKey: ['logs', search],
    queryFn: ({ pageParam, signal }) => readPage(search, pageParam, PAGE, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: LogPage) => last.nextCursor,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function histogramQuery(search: LogSearch) {
  return queryOptions({
    queryKey: ['logs-histogram', search],
    queryFn: ({ signal }) =>
      get<LogHistogram>('/api/v1/logs/histogram', { ...parameters(search), buckets: BUCKETS }, signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function fieldsQuery(search: LogSearch) {
  return queryOptions({
    queryKey: ['logs-fields', search],
    queryFn: ({ signal }) => get<LogFields>('/api/v1/logs/fields', parameters(search), signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function patternsQuery(search: LogSearch) {
  return queryOptions({
    queryKey: ['logs-patterns', search],
    queryFn: ({ signal }) => get<LogPatterns>('/api/v1/logs/patterns', parameters(search), signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function viewsQuery(page: SavedView['page']) {
  return queryOptions({
    queryKey: ['views', page],
    queryFn: ({ signal }) => get<Page<SavedView>>('/api/v1/views', { page }, signal),
    staleTime: 60_000,
  });
}

export function rowQuery(id: string) {
  return queryOptions({
    queryKey: ['log', id],
    queryFn: ({ signal }) => get<LogRowDetail>(`/api/v1/logs/${encodeURIComponent(id)}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function sqlQuery(sql: string) {
  return queryOptions({
    queryKey: ['sql', sql],
    queryFn: ({ signal }) => post<QueryAnswer>('/api/v1/query', { sql }, signal),
    enabled: sql !== '',
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** Every row of a search up to `most`, for a file. */
export async function readRows(search: LogSearch, most: number): Promise<LogPage['items']> {
  const rows: LogPage['items'] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(1000, most - rows.length);
    const about = { ...parameters(search), limit, cursor, whole: 'true' };
    const page: LogPage = await get<LogPage>('/api/v1/logs', about);
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && rows.length < most);
  return rows;
}
