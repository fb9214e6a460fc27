import { queryOptions } from '@tanstack/react-query';
import type { Page, TraceDetail, TraceItem, TraceRoute } from '@yumops/protocol';
import { get } from '../../api/client.ts';

/** Which traces; the range in milliseconds. */
export interface TraceFilter {
  from: number;
  to: number;
  service: string | undefined;
  name: string | undefined;
  failed: string | undefined;
}

const parameters = ({ from, to, ...rest }: TraceFilter) => ({
  ...rest,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

export function traceRoutesQuery(filter: TraceFilter) {
  return queryOptions({
    queryKey: ['traces', 'routes', filter],
    queryFn: ({ signal }) => get<Page<TraceRoute>>('/api/v1/traces/routes', parameters(filter), signal),
    placeholderData: (old) => old,
  });
}

export function tracesQuery(filter: TraceFilter, order: string) {
  return queryOptions({
    queryKey: ['traces', 'list', filter, order],
    queryFn: ({ signal }) =>
      get<Page<TraceItem>>('/api/v1/traces', { ...parameters(filter), order, limit: 100 }, signal),
    placeholderData: (old) => old,
  });
}

export function traceQuery(id: string) {
  return queryOptions({
    queryKey: ['trace', id],
    queryFn: ({ signal }) => get<TraceDetail>(`/api/v1/traces/${encodeURIComponent(id)}`, {}, signal),
    staleTime: 60_000,
  });
}
