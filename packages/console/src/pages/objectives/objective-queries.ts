import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Page, SloItem, SloPreview } from '@yumops/protocol';
import { get } from '../../api/client.ts';

export const slosQuery = queryOptions({
  queryKey: ['slos'],
  queryFn: ({ signal }) => get<Page<SloItem>>('/api/v1/slos', {}, signal),
});

export function sloPreviewQuery(asked: { slo: string; target: number; window: string }) {
  return queryOptions({
    queryKey: ['slos', 'preview', asked],
    queryFn: ({ signal }) => get<SloPreview>('/api/v1/slos/preview', asked, signal),
    placeholderData: keepPreviousData,
  });
}
