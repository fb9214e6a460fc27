import { queryOptions } from '@tanstack/react-query';
import type { ErrorEventDetail, ErrorIssue, ErrorIssueDetail, Losses, Page, ReleaseItem } from '@yumops/protocol';
import { get } from '../../api/client.ts';

export interface ErrorFilter {
  from: number;
  to: number;
  status: string;
  q: string | undefined;
  sort: string;
  release: string | undefined;
}

const iso = (ms: number) => new Date(ms).toISOString();

export function errorsQuery({ from, to, ...filter }: ErrorFilter) {
  return queryOptions({
    queryKey: ['errors', from, to, filter],
    queryFn: ({ signal }) =>
      get<Page<ErrorIssue>>('/api/v1/errors', { from: iso(from), to: iso(to), limit: 200, ...filter }, signal),
    placeholderData: (old) => old,
  });
}

export function errorQuery(id: string, range: { from: number; to: number }) {
  return queryOptions({
    queryKey: ['error', id, range.from, range.to],
    queryFn: ({ signal }) =>
      get<ErrorIssueDetail>(
        `/api/v1/errors/${encodeURIComponent(id)}`,
        { from: iso(range.from), to: iso(range.to) },
        signal,
      ),
    placeholderData: (old) => old,
  });
}

export function errorEventQuery(eventId: string) {
  return queryOptions({
    queryKey: ['error-event', eventId],
    queryFn: ({ signal }) => get<ErrorEventDetail>(`/api/v1/events/${encodeURIComponent(eventId)}`, {}, signal),
    staleTime: 60_000,
  });
}

export function lossesQuery({ from, to }: { from: number; to: number }) {
  return queryOptions({
    queryKey: ['losses', from, to],
    queryFn: ({ signal }) => get<Losses>('/api/v1/losses', { from: iso(from), to: iso(to) }, signal),
    placeholderData: (old) => old,
  });
}

export const releasesQuery = queryOptions({
  queryKey: ['releases'],
  queryFn: ({ signal }) => get<Page<ReleaseItem>>('/api/v1/releases', { limit: 100 }, signal),
});
