import { useQuery } from '@tanstack/react-query';
import { monitorQuery } from '../api/queries.ts';
import { DayBars } from '../charts/day-bars.tsx';
import { useInView } from './in-view.ts';
import './monitor-bars.css';

/** The 90 days of a monitor, read once it comes into view. */
export function MonitorBars({ id }: { id: string }) {
  const [box, seen] = useInView();
  const { data, error } = useQuery({ ...monitorQuery(id), enabled: seen, staleTime: 60_000 });
  return (
    <span className="monitor-bars" ref={box}>
      {data !== undefined && <DayBars bars={data.bars} />}
      {data === undefined && error !== null && <span className="quiet">unknown</span>}
    </span>
  );
}
