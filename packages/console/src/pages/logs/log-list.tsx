import { getRouteApi } from '@tanstack/react-router';
import type { LogRow } from '@yumops/protocol';
import { type RefObject, useRef } from 'react';
import { useListKeys } from '../../components/list-keys.ts';
import { VirtualList } from '../../components/virtual-list.tsx';
import { formatMilliseconds } from '../../format/number.ts';
import { formatClock, formatDay } from '../../time/format.ts';
import { useZone, type Zone } from '../../time/zone.ts';
import { Level } from './level.tsx';

const route = getRouteApi('/console/logs');
const narrow = window.matchMedia('(max-width: 760px)');

export interface LogListProps {
  rows: readonly LogRow[];
  open: string | undefined;
  onEnd(): void;
  onScroll(top: number): void;
  box: RefObject<HTMLDivElement | null>;
}

/** Log lines, newest first; each opens in the drawer. */
export function LogList({ rows, open, onEnd, onScroll, box }: LogListProps) {
  const zone = useZone();
  const keys = useListKeys<HTMLDivElement>(open === undefined);
  const newest = useRef(Date.now());
  return (
    <div className="log-list" ref={keys}>
      <VirtualList
        items={rows}
        rowHeight={narrow.matches ? 52 : 32}
        label="Log lines, newest first"
        box={box}
        keyOf={(row) => row.id}
        onEnd={onEnd}
        onScroll={onScroll}
        render={(row) => <LogLine row={row} zone={zone} now={newest.current} current={row.id === open} />}
      />
    </div>
  );
}

function LogLine({ row, zone, now, current }: { row: LogRow; zone: Zone; now: number; current: boolean }) {
  const time = Date.parse(row.timestamp);
  const otherDay = Math.abs(now - time) > 43_200_000;
  return (
    <route.Link
      data-row
      to="."
      search={(old) => ({ ...old, row: row.id })}
      className="log-line"
      data-current={current}
      preload={false}
    >
      <time className="log-time" dateTime={row.timestamp}>
        {otherDay && <span className="log-day">{formatDay(time, zone)}</span>}
        {formatClock(time, zone)}
      </time>
      <Level level={row.level} />
      <span className="log-service truncate">{row.service}</span>
      <span className="log-message truncate">{row.message}</span>
      <span className="log-facts">
        {row.statusCode !== null && <span className={row.statusCode >= 500 ? 'log-bad' : ''}>{row.statusCode}</span>}
        {row.duration !== null && <span>{formatMilliseconds(row.duration)}</span>}
      </span>
    </route.Link>
  );
}
