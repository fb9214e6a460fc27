import { queryOptions } from '@tanstack/react-query';
import type { Page, SecurityFinding, SecurityScan, SecurityScanReport } from '@yumops/protocol';
import { get } from '../../api/client.ts';

export const findingPath = (id: string): string => `/api/v1/security/findings/${encodeURIComponent(id)}`;

export function findingsQuery(state: SecurityFinding['state']) {
  return queryOptions({
    queryKey: ['security', 'findings', state],
    queryFn: ({ signal }) => get<Page<SecurityFinding>>('/api/v1/security/findings', { state, limit: 1_000 }, signal),
  });
}

export function findingQuery(id: string) {
  return queryOptions({
    queryKey: ['security', 'finding', id],
    queryFn: ({ signal }) => get<SecurityFinding>(findingPath(id), {}, signal),
  });
}

export const scansQuery = queryOptions({
  queryKey: ['security', 'scans'],
  queryFn: ({ signal }) => get<Page<SecurityScan>>('/api/v1/security/scans', {}, signal),
});

export const scanPath = (id: string): string => `/api/v1/security/scans/${encodeURIComponent(id)}`;

export function scanQuery(id: string) {
  return queryOptions({
    queryKey: ['security', 'scan', id],
    queryFn: ({ signal }) => get<SecurityScanReport>(scanPath(id), {}, signal),
  });
}
