import { queryOptions } from '@tanstack/react-query';
import type {
  Page,
  SecurityBlock,
  SecurityChallenge,
  SecurityDetection,
  SecurityEventItem,
  SecuritySource,
  SecuritySummary,
} from '@yumops/protocol';
import { get } from '../../api/client.ts';

/** Which events: a range in milliseconds, and whom they are about. */
export interface SecurityFilter {
  from: number;
  to: number;
  ip: string | undefined;
  network: string | undefined;
  /** Hashed. */
  account: string | undefined;
}

const parameters = ({ from, to, ...about }: SecurityFilter) => ({
  ...about,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

export function summaryQuery({ from, to }: Pick<SecurityFilter, 'from' | 'to'>) {
  return queryOptions({
    queryKey: ['security', 'summary', from, to],
    queryFn: ({ signal }) =>
      get<SecuritySummary>(
        '/api/v1/security/summary',
        { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
        signal,
      ),
    placeholderData: (old) => old,
  });
}

export function detectionsQuery({ ip, network, account }: Pick<SecurityFilter, 'ip' | 'network' | 'account'>) {
  return queryOptions({
    queryKey: ['security', 'detections', ip, network, account],
    queryFn: ({ signal }) =>
      get<Page<SecurityDetection>>('/api/v1/security/detections', { ip, network, account, limit: 200 }, signal),
  });
}

export function detectionQuery(id: string) {
  return queryOptions({
    queryKey: ['security', 'detection', id],
    queryFn: ({ signal }) =>
      get<SecurityDetection>(`/api/v1/security/detections/${encodeURIComponent(id)}`, {}, signal),
  });
}

export const blocksQuery = queryOptions({
  queryKey: ['security', 'blocks'],
  queryFn: ({ signal }) => get<Page<SecurityBlock>>('/api/v1/security/blocks', {}, signal),
});

export const challengesQuery = queryOptions({
  queryKey: ['security', 'challenges'],
  queryFn: ({ signal }) => get<Page<SecurityChallenge>>('/api/v1/security/challenges', {}, signal),
});

export function sourcesQuery(filter: SecurityFilter) {
  return queryOptions({
    queryKey: ['security', 'sources', filter],
    queryFn: ({ signal }) => get<Page<SecuritySource>>('/api/v1/security/sources', parameters(filter), signal),
    placeholderData: (old) => old,
  });
}

export function eventsQuery(filter: SecurityFilter) {
  return queryOptions({
    queryKey: ['security', 'events', filter],
    queryFn: ({ signal }) =>
      get<Page<SecurityEventItem>>('/api/v1/security/events', { ...parameters(filter), limit: 200 }, signal),
    placeholderData: (old) => old,
  });
}
