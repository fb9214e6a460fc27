import { queryOptions } from '@tanstack/react-query';
import type { Page, StatusPageSummary, StatusPost } from '@yumops/protocol';
import { get } from '../../api/client.ts';

export const statusPageQuery = queryOptions({
  queryKey: ['status-page'],
  queryFn: ({ signal }) => get<StatusPageSummary>('/api/v1/status', {}, signal),
});

export const postsQuery = queryOptions({
  queryKey: ['status-posts'],
  queryFn: ({ signal }) => get<Page<StatusPost>>('/api/v1/status/posts', { limit: 200 }, signal),
});
