import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../../api/queries.ts';

/** Whether the person may change who is on call. */
export function useMayChange(): boolean {
  const me = useQuery(meQuery).data;
  return me !== undefined && me.role !== 'viewer';
}
