import { queryOptions } from '@tanstack/react-query';
import type { ScalingReport } from '@yumops/protocol';
import { get } from '../../api/client.ts';

/** The server makes a report at most once a minute. */
export const scalingQuery = queryOptions({
  queryKey: ['scaling'],
  queryFn: ({ signal }) => get<ScalingReport>('/api/v1/scaling', {}, signal),
  staleTime: 60_000,
});
