import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Failure, Loading } from './notice.tsx';

export interface QueryViewProps<Data> {
  query: UseQueryResult<Data>;
  /** What is being read, for the loading text. */
  what: string;
  rows?: number;
  children(data: Data): ReactNode;
}

/** Shows data once it is there and keeps it while it is read again; before that loading, or the failure with a retry. */
export function QueryView<Data>({ query, what, rows = 4, children }: QueryViewProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Loading what={what} rows={rows} />;
}
