import { queryOptions } from '@tanstack/react-query';
import type { Page } from '@yumops/protocol';
import { get, post, remove } from './client.ts';

/** A browser in which somebody is signed in. */
export interface SessionItem {
  id: string;
  email: string;
  createdAt: string;
  lastSeenAt: string;
  ip: string | null;
  userAgent: string | null;
}

export interface PersonItem {
  email: string;
  name: string;
  role: 'viewer' | 'responder' | 'admin';
  sessions: number;
  lastSeenAt: string | null;
}

export interface TokenItem {
  id: string;
  name: string;
  role: 'viewer' | 'responder' | 'admin';
  resources: string[] | null;
  createdBy: string | null;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface AuditItem {
  id: string;
  at: string;
  actor: string;
  action: string;
  target: string;
  detail: Record<string, unknown>;
}

export interface AuditVerdict {
  entries: number;
  faults: { code: string; message: string }[];
}

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
