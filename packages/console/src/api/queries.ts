import { queryOptions } from '@tanstack/react-query';
import type {
  Alert,
  AlertDetail,
  Check,
  InboxMessage,
  Instance,
  Me,
  Monitor,
  MonitorDetail,
  NotificationItem,
  Overview,
  Page,
  Rule,
} from '@yumops/protocol';
import { get } from './client.ts';

/** How often data on the screen is read again while the page is live, milliseconds. */
export const REFRESH = 10_000;

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => get<Me>('/api/v1/me', {}, signal),
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
  queryFn: ({ signal }) => get<Page<Monitor>>('/api/v1/monitors', { limit: 1000 }, signal),
});

export function monitorQuery(id: string) {
  return queryOptions({
    queryKey: ['monitor', id],
    queryFn: ({ signal }) => get<MonitorDetail>(`/api/v1/monitors/${encodeURIComponent(id)}`, {}, signal),
  });
}

export function checksQuery(monitor: string) {
  return queryOptions({
    queryKey: ['checks', monitor],
    queryFn: ({ signal }) => get<Page<Check>>('/api/v1/checks', { monitor, limit: 120 }, signal),
  });
}

export type AlertList = 'firing' | 'pending' | 'resolved';

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

export const notificationsQuery = queryOptions({
  queryKey: ['notifications'],
  queryFn: ({ signal }) => get<Page<NotificationItem>>('/api/v1/notifications', { limit: 200 }, signal),
});

export const inboxQuery = queryOptions({
  queryKey: ['demo-inbox'],
  queryFn: ({ signal }) => get<Page<InboxMessage>>('/api/v1/demo-inbox', { limit: 200 }, signal),
});
