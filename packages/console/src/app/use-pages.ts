import { useQuery } from '@tanstack/react-query';
import { instanceQuery, meQuery } from '../api/queries.ts';
import type { PagesFor } from './navigation.ts';

/** What of the pages the person at the screen gets; all of them until it is known who that is. */
export function usePages(): PagesFor {
  const demoInbox = useQuery(instanceQuery).data?.demoInbox ?? false;
  const everywhere = useQuery(meQuery).data?.role !== 'none';
  return { demoInbox, everywhere };
}
