import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { onCallNowQuery, REFRESH } from '../api/queries.ts';
import { Icon } from '../components/icon.tsx';

/** Who is on call now, on every page; nothing where no schedules are. */
export function OnCallButton() {
  const items = useQuery({ ...onCallNowQuery, refetchInterval: REFRESH * 3 }).data?.items ?? [];
  if (items.length === 0) return null;
  const gap = items.some(({ person }) => person === null);
  const people = new Set(items.map(({ person, schedule }) => person ?? `nobody in ${schedule}`));
  const lines = items.map(({ schedule, person }) => `${schedule}: ${person ?? 'nobody'}`);
  return (
    <Link to="/on-call" className="top-bar-on-call" data-gap={gap} title={lines.join('\n')}>
      <Icon name={gap ? 'bad' : 'on-call'} />
      <span className="visually-hidden">On call: </span>
      <span className="truncate">{[...people].join(', ')}</span>
    </Link>
  );
}
