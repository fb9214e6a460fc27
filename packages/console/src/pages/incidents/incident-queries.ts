import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import type {
  Checklist,
  ChecklistDetail,
  Incident,
  IncidentDetail,
  IncidentEvidenceRows,
  IncidentImpact,
  IncidentStatistics,
  Page,
  Postmortem,
  RunbookDetail,
  RunbookItem,
  StatusPost,
} from '@yumops/protocol';
import { get } from '../../api/client.ts';

const path = (id: string, rest = '') => `/api/v1/incidents/${encodeURIComponent(id)}${rest}`;

export function incidentsQuery(state: 'open' | 'ended') {
  return queryOptions({
    queryKey: ['incidents', state],
    queryFn: ({ signal }) => get<Page<Incident>>('/api/v1/incidents', { state, limit: 200 }, signal),
  });
}

export function incidentQuery(id: string) {
  return queryOptions({
    queryKey: ['incidents', 'one', id],
    queryFn: ({ signal }) => get<IncidentDetail>(path(id), {}, signal),
  });
}

export const statisticsQuery = queryOptions({
  queryKey: ['incidents', 'statistics'],
  queryFn: ({ signal }) => get<IncidentStatistics>('/api/v1/incidents/statistics', {}, signal),
});

export function postmortemQuery(id: string) {
  return queryOptions({
    queryKey: ['incidents', 'postmortem', id],
    queryFn: ({ signal }) => get<Postmortem>(path(id, '/postmortem'), {}, signal),
    // What somebody writes must not be replaced under their hands.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function evidenceQuery(id: string, kind: string) {
  return queryOptions({
    queryKey: ['incidents', 'evidence', id, kind],
    queryFn: ({ signal }) => get<IncidentEvidenceRows>(path(id, `/evidence/${encodeURIComponent(kind)}`), {}, signal),
  });
}

export function impactQuery(id: string) {
  return queryOptions({
    queryKey: ['incidents', 'impact', id],
    queryFn: ({ signal }) => get<IncidentImpact>(path(id, '/impact'), {}, signal),
  });
}

export function postsOfIncidentQuery(incident: string) {
  return queryOptions({
    queryKey: ['status-posts', incident],
    queryFn: ({ signal }) => get<Page<StatusPost>>('/api/v1/status/posts', { incident }, signal),
  });
}

export const runbooksQuery = queryOptions({
  queryKey: ['runbooks'],
  queryFn: ({ signal }) => get<Page<RunbookItem>>('/api/v1/runbooks', {}, signal),
});

/** The runbooks that an incident can follow, as choices of a field. */
export function useRunbookChoices(): { value: string; label: string }[] {
  const runbooks = useQuery(runbooksQuery).data?.items.filter(({ kind }) => kind === 'runbook') ?? [];
  return runbooks.map(({ id, title }) => ({ value: id, label: title }));
}

export function runbookQuery(id: string) {
  return queryOptions({
    queryKey: ['runbooks', id],
    queryFn: ({ signal }) => get<RunbookDetail>(`/api/v1/runbooks/${encodeURIComponent(id)}`, {}, signal),
  });
}

export function checklistsQuery(search: { incident?: string; kind?: 'procedure' }) {
  return queryOptions({
    queryKey: ['checklists', 'list', search.incident ?? '', search.kind ?? ''],
    queryFn: ({ signal }) => get<Page<Checklist>>('/api/v1/checklists', { ...search }, signal),
  });
}

export function checklistQuery(id: string) {
  return queryOptions({
    queryKey: ['checklists', id],
    queryFn: ({ signal }) => get<ChecklistDetail>(`/api/v1/checklists/${encodeURIComponent(id)}`, {}, signal),
  });
}

/** Everything that may differ after something was done in an incident. */
export function readAgain(client: QueryClient): Promise<void> {
  const kinds = new Set(['incidents', 'checklists', 'status-posts', 'status-page', 'alerts', 'alert']);
  return client.invalidateQueries({
    predicate: ({ queryKey: [first, second] }) => kinds.has(String(first)) && second !== 'postmortem',
  });
}
