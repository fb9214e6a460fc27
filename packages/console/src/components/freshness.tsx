import { REFRESH } from '../api/queries.ts';
import { formatAgo } from '../time/format.ts';
import { useNow } from '../time/now.ts';
import { State } from './state.tsx';

/** Says how old data is once it is older than it should be; nothing while it is fresh. */
export function Freshness({ updatedAt, failed }: { updatedAt: number; failed: boolean }) {
  const now = useNow();
  if (updatedAt === 0 || (!failed && now - updatedAt < REFRESH * 3)) return null;
  return <State tone={failed ? 'warn' : 'none'} word={`as of ${formatAgo(updatedAt, now)}`} />;
}
