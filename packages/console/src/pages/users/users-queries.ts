import { queryOptions } from '@tanstack/react-query';
import type {
  BrowserCall,
  LongFrame,
  Page,
  PageLoads,
  VitalCause,
  VitalName,
  VitalsAnswer,
  VitalsComparison,
} from '@yumops/protocol';
import { get } from '../../api/client.ts';

/** Which page views: a range in milliseconds, and values of dimensions. */
export interface VitalFilter {
  from: number;
  to: number;
  route: string | undefined;
  device: string | undefined;
  country: string | undefined;
  release: string | undefined;
}

const parameters = ({ from, to, ...only }: VitalFilter) => ({
  ...only,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

export function vitalsQuery(filter: VitalFilter, by: string) {
  return queryOptions({
    queryKey: ['vitals', filter, by],
    queryFn: ({ signal }) => get<VitalsAnswer>('/api/v1/vitals', { ...parameters(filter), by }, signal),
    placeholderData: (old) => old,
  });
}

/** @param pair releases; the newest two where they are not named */
export function comparisonQuery(
  { release: _, ...filter }: VitalFilter,
  pair: { before: string | undefined; after: string | undefined },
) {
  return queryOptions({
    queryKey: ['vitals', 'compare', filter, pair],
    queryFn: ({ signal }) =>
      get<VitalsComparison>(
        '/api/v1/vitals/compare',
        { ...parameters({ ...filter, release: undefined }), ...pair },
        signal,
      ),
    placeholderData: (old) => old,
  });
}

export function causesQuery(filter: VitalFilter, name: VitalName) {
  return queryOptions({
    queryKey: ['vitals', 'causes', filter, name],
    queryFn: ({ signal }) => get<Page<VitalCause>>('/api/v1/vitals/causes', { ...parameters(filter), name }, signal),
  });
}

export function callsQuery(filter: VitalFilter) {
  return queryOptions({
    queryKey: ['vitals', 'calls', filter],
    queryFn: ({ signal }) => get<Page<BrowserCall>>('/api/v1/vitals/timings', parameters(filter), signal),
    placeholderData: (old) => old,
  });
}

export function framesQuery(filter: VitalFilter) {
  return queryOptions({
    queryKey: ['vitals', 'frames', filter],
    queryFn: ({ signal }) => get<Page<LongFrame>>('/api/v1/vitals/frames', parameters(filter), signal),
    placeholderData: (old) => old,
  });
}

export function loadsQuery(filter: VitalFilter) {
  return queryOptions({
    queryKey: ['vitals', 'loads', filter],
    queryFn: ({ signal }) => get<PageLoads>('/api/v1/vitals/loads', parameters(filter), signal),
    placeholderData: (old) => old,
  });
}
