import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/problem.ts';
import { REFRESH } from '../api/queries.ts';

/** Keeps what was read; refusals are final, silence is tried again. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError(error) {
        if (error instanceof ApiError && error.status === 401) onSignedOut();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: REFRESH / 2,
        gcTime: 10 * 60_000,
        networkMode: 'always',
        retry: (count, error) => count < 1 && error instanceof ApiError && error.status >= 502,
      },
    },
  });
}
