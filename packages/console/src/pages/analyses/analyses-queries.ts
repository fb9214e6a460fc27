import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type {
  BusinessAnalysis,
  EndpointAnalysis,
  ErrorRateAnalysis,
  FunnelAnalysis,
  SecurityAnalysis,
} from '@yumops/protocol';
import { get, type Parameters } from '../../api/client.ts';

/** Which lines: a range in milliseconds, and a service or all. */
export interface AnalysisFilter {
  from: number;
  to: number;
  service: string | undefined;
}

interface Answers {
  'error-rate': ErrorRateAnalysis;
  endpoints: EndpointAnalysis;
  security: SecurityAnalysis;
  business: BusinessAnalysis;
  funnel: FunnelAnalysis;
}

export function analysisQuery<Name extends keyof Answers>(name: Name, filter: AnalysisFilter, more: Parameters = {}) {
  const { from, to, service } = filter;
  const parameters = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), service, ...more };
  return queryOptions({
    queryKey: ['analyses', name, filter, more],
    queryFn: ({ signal }) => get<Answers[Name]>(`/api/v1/analyses/${name}`, parameters, signal),
    placeholderData: keepPreviousData,
  });
}

/** The times of an analysis' steps, milliseconds. */
export function timesOf({ from, stepMs, steps }: { from: string; stepMs: number; steps: number }): number[] {
  const start = Date.parse(from);
  return Array.from({ length: steps }, (_, index) => start + index * stepMs);
}
