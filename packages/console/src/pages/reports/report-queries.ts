import { queryOptions } from '@tanstack/react-query';
import type { JobRun, Page, ReportDetail, ReportItem, ReportKind } from '@yumops/protocol';
import { get, post } from '../../api/client.ts';

export const reportsQuery = queryOptions({
  queryKey: ['reports'],
  queryFn: ({ signal }) => get<Page<ReportItem>>('/api/v1/reports', { limit: 200 }, signal),
});

export function reportQuery(id: string) {
  return queryOptions({
    queryKey: ['reports', id],
    queryFn: ({ signal }) => get<ReportDetail>(`/api/v1/reports/${encodeURIComponent(id)}`, {}, signal),
    // A report stays as it was made; only who got it may still change.
    staleTime: 60_000,
  });
}

/** Begins a report; the answer is the run of its job. */
export function makeReport(kind: ReportKind, send: boolean): Promise<JobRun> {
  return post<JobRun>('/api/v1/reports', { kind, send });
}
