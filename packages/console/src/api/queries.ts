import { queryOptions } from '@tanstack/react-query';
import type {
  Alert,
  AlertDetail,
  Check,
  InboxMessage,
  Instance,
  JobDetail,
  JobItem,
  JobRun,
  JobRunDetail,
  Me,
  Monitor,
  MonitorDetail,
  MonitorHistory,
  MonitorSla,
  NotificationItem,
  OnCallCalendar,
  OnCallFeed,
  OnCallNow,
  OnCallPerson,
  Overview,
  Page,
  ProbeAgent,
  ProbeToken,
  ProjectItem,
  Rule,
  RuleDetail,
  RuleReplay,
  Silence,
  SlaFigure,
} from '@yumops/protocol';
import type { Span } from '../time/range.ts';
import { get } from './client.ts';

/** How often data on the screen is read again while the page is live, milliseconds. */
export const REFRESH = 10_000;

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => get<Me>('/api/v1/me', {}, signal),
  staleTime: 5 * 60_000,
});

/** The projects that one reaches, whichever is chosen. */
export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: ({ signal }) => get<Page<ProjectItem>>('/api/v1/projects', {}, signal),
  staleTime: 5 * 60_000,
});

export const instanceQuery = queryOptions({
  queryKey: ['instance'],
  queryFn: ({ signal }) => get<Instance>('/api/v1/instance', {}, signal),
  staleTime: 5 * 60_000,
});

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => get<Overview>('/api/v1/overview', {}, signal),
});

export const monitorsQuery = queryOptions({
  queryKey: ['monitors'],
  queryFn: ({ signal }) => get<Page<Monitor>>('/api/v1/monitors', { limit: 5000 }, signal),
});

export function monitorQuery(id: string) {
  return queryOptions({
    queryKey: ['monitor', id],
    queryFn: ({ signal }) => get<MonitorDetail>(`/api/v1/monitors/${encodeURIComponent(id)}`, {}, signal),
  });
}

/** What was written of a monitor that stands in no file, with its secrets masked. */
export function monitorDefinitionQuery(id: string) {
  return queryOptions({
    queryKey: ['monitor-definition', id],
    queryFn: ({ signal }) =>
      get<{ definition: Record<string, unknown> }>(`/api/v1/monitors/${encodeURIComponent(id)}/definition`, {}, signal),
    gcTime: 0,
  });
}

export const probesQuery = queryOptions({
  queryKey: ['probes'],
  queryFn: ({ signal }) => get<Page<ProbeAgent>>('/api/v1/probes', {}, signal),
});

export const probeTokensQuery = queryOptions({
  queryKey: ['probe-tokens'],
  queryFn: ({ signal }) => get<Page<ProbeToken>>('/api/v1/probe-tokens', {}, signal),
});

export function checksQuery(monitor: string) {
  return queryOptions({
    queryKey: ['checks', monitor],
    queryFn: ({ signal }) => get<Page<Check>>('/api/v1/checks', { monitor, limit: 120 }, signal),
  });
}

export function monitorHistoryQuery(id: string) {
  return queryOptions({
    queryKey: ['monitor-history', id],
    queryFn: ({ signal }) => get<MonitorHistory>(`/api/v1/monitors/${encodeURIComponent(id)}/history`, {}, signal),
  });
}

export function monitorSlaQuery(id: string) {
  return queryOptions({
    queryKey: ['monitor-sla', id],
    queryFn: ({ signal }) => get<Page<SlaFigure>>(`/api/v1/monitors/${encodeURIComponent(id)}/sla`, {}, signal),
    staleTime: 60_000,
  });
}

export type AlertList = 'firing' | 'pending' | 'resolved';

/** Alerts of every state that began to fire in a stretch of time. */
export function alertsBetweenQuery({ from, to }: Span) {
  return queryOptions({
    queryKey: ['alerts', `${from} to ${to}`],
    queryFn: ({ signal }) => get<Page<Alert>>('/api/v1/alerts', { from, to, limit: 200 }, signal),
  });
}

/** How available every monitor was in a stretch of time. */
export function slaBetweenQuery({ from, to }: Span) {
  return queryOptions({
    queryKey: ['sla', from, to],
    queryFn: ({ signal }) => get<Page<MonitorSla>>('/api/v1/sla', { from, to }, signal),
  });
}

export function jobRunsQuery({ from, to }: Span) {
  return queryOptions({
    queryKey: ['jobs', 'runs', from, to],
    queryFn: ({ signal }) => get<Page<JobRun>>('/api/v1/jobs/runs', { from, to, limit: 1000 }, signal),
  });
}

export function alertsQuery(state: AlertList) {
  return queryOptions({
    queryKey: ['alerts', state],
    queryFn: ({ signal }) => get<Page<Alert>>('/api/v1/alerts', { state, limit: 200 }, signal),
  });
}

export function alertQuery(id: string) {
  return queryOptions({
    queryKey: ['alert', id],
    queryFn: ({ signal }) => get<AlertDetail>(`/api/v1/alerts/${encodeURIComponent(id)}`, {}, signal),
  });
}

export const rulesQuery = queryOptions({
  queryKey: ['rules'],
  queryFn: ({ signal }) => get<Page<Rule>>('/api/v1/rules', { limit: 500 }, signal),
});

export function ruleQuery(name: string) {
  return queryOptions({
    queryKey: ['rules', name],
    queryFn: ({ signal }) => get<RuleDetail>(`/api/v1/rules/${encodeURIComponent(name)}`, {}, signal),
  });
}

/** What a rule would have done over the last day. */
export function ruleReplayQuery(name: string) {
  return queryOptions({
    queryKey: ['rules', name, 'replay'],
    queryFn: ({ signal }) =>
      get<RuleReplay>(`/api/v1/rules/${encodeURIComponent(name)}/replay`, { since: '24h' }, signal),
    staleTime: 60_000,
  });
}

export const silencesQuery = queryOptions({
  queryKey: ['silences'],
  queryFn: ({ signal }) => get<Page<Silence>>('/api/v1/silences', {}, signal),
});

export function notificationsQuery(span: Span | null) {
  return queryOptions({
    queryKey: ['notifications', span?.from, span?.to],
    queryFn: ({ signal }) =>
      get<Page<NotificationItem>>('/api/v1/notifications', { from: span?.from, to: span?.to, limit: 200 }, signal),
  });
}

export const inboxQuery = queryOptions({
  queryKey: ['demo-inbox'],
  queryFn: ({ signal }) => get<Page<InboxMessage>>('/api/v1/demo-inbox', { limit: 200 }, signal),
});

/** Who is on call now, in every schedule. */
export const onCallNowQuery = queryOptions({
  queryKey: ['on-call', 'now'],
  queryFn: ({ signal }) => get<OnCallNow>('/api/v1/oncall', {}, signal),
});

/** @param at an instant in ISO 8601, or a local time with its zone */
export function onCallAtQuery(at: string) {
  return queryOptions({
    queryKey: ['on-call', 'at', at],
    queryFn: ({ signal }) => get<OnCallNow>('/api/v1/oncall', { at }, signal),
  });
}

/** The schedules between two instants in milliseconds. */
export function onCallCalendarQuery(from: number, to: number) {
  return queryOptions({
    queryKey: ['on-call', 'calendar', from, to],
    queryFn: ({ signal }) => get<OnCallCalendar>('/api/v1/oncall', { from: iso(from), to: iso(to) }, signal),
  });
}

export const onCallPeopleQuery = queryOptions({
  queryKey: ['on-call', 'people'],
  queryFn: ({ signal }) => get<Page<OnCallPerson>>('/api/v1/oncall/people', {}, signal),
  staleTime: 60_000,
});

export const onCallFeedsQuery = queryOptions({
  queryKey: ['on-call', 'feeds'],
  queryFn: ({ signal }) => get<Page<OnCallFeed>>('/api/v1/oncall/feeds', {}, signal),
});

export const jobsQuery = queryOptions({
  queryKey: ['jobs'],
  queryFn: ({ signal }) => get<Page<JobItem>>('/api/v1/jobs', {}, signal),
});

export function jobQuery(name: string) {
  return queryOptions({
    queryKey: ['jobs', name],
    queryFn: ({ signal }) => get<JobDetail>(`/api/v1/jobs/${encodeURIComponent(name)}`, {}, signal),
  });
}

/** One run of a job, with its log. */
export function jobRunQuery(id: string) {
  return queryOptions({
    queryKey: ['jobs', 'run', id],
    queryFn: ({ signal }) => get<JobRunDetail>(`/api/v1/jobs/runs/${encodeURIComponent(id)}`, {}, signal),
  });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
