import { queryOptions } from '@tanstack/react-query';
import type {
  AuditItem,
  AuditVerdict,
  IngestKeyItem,
  Page,
  PersonItem,
  SessionItem,
  TokenItem,
} from '@yumops/protocol';
import { get, post, remove } from './client.ts';

/** One's own sessions, or everybody's for an administrator. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => get<Page<SessionItem>>('/api/v1/sessions', {}, signal),
});

export const peopleQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: ({ signal }) => get<Page<PersonItem>>('/api/v1/users', {}, signal),
});

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => get<Page<TokenItem>>('/api/v1/tokens', {}, signal),
});

export const ingestKeysQuery = queryOptions({
  queryKey: ['ingest-keys'],
  queryFn: ({ signal }) => get<Page<IngestKeyItem>>('/api/v1/ingest-keys', {}, signal),
});

/** @param action `noun.verb`, or `noun.`; empty = all */
export function auditQuery(action: string) {
  return queryOptions({
    queryKey: ['audit', action],
    queryFn: ({ signal }) => get<Page<AuditItem>>('/api/v1/audit', { action, limit: 100 }, signal),
  });
}

export const auditVerdictQuery = queryOptions({
  queryKey: ['audit-verdict'],
  queryFn: ({ signal }) => get<AuditVerdict>('/api/v1/audit/verify', {}, signal),
});

export const endSession = (id: string) => remove(`/api/v1/sessions/${encodeURIComponent(id)}`);
export const revokeToken = (id: string) => remove(`/api/v1/tokens/${encodeURIComponent(id)}`);
export const removePerson = (email: string) => remove(`/api/v1/users/${encodeURIComponent(email)}`);

/** Makes a token. @returns its secret, which is shown once */
export const createToken = (token: { name: string; role: string; days?: number }) =>
  post<{ secret: string }>('/api/v1/tokens', token);

export const revokeIngestKey = (id: string) => remove(`/api/v1/ingest-keys/${encodeURIComponent(id)}`);

/** Makes a key of senders. @returns its secret, which is shown once */
export const createIngestKey = (key: {
  name: string;
  scope: 'server' | 'public';
  project: string;
  origins: readonly string[];
}) => post<{ secret: string }>('/api/v1/ingest-keys', key);
