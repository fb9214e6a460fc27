import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { LogRow } from '@yumops/protocol';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { REFRESH } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { useLastGood } from '../../components/last-good.ts';
import { Failure, Loading, StaleNotice } from '../../components/notice.tsx';
import { useShortcuts } from '../../components/shortcuts.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { ExportMenu } from './export-menu.tsx';
import { FieldPanel } from './field-panel.tsx';
import { Histogram } from './histogram.tsx';
import { type Tail, useTail } from './live-tail.ts';
import { LogList } from './log-list.tsx';
import { fieldsQuery, histogramQuery, type LogSearch, rowsQuery } from './logs-queries.ts';
import { NoLines } from './no-lines.tsx';
import { QueryBox } from './query-box.tsx';
import { withTerm } from './query-text.ts';
import { RowDetail } from './row-detail.tsx';
import { TailBar } from './tail-bar.tsx';

const route = getRouteApi('/console/logs');

/** Scrolled further than this a person is reading, and new lines wait, pixels. */
const READING = 16;

/** Query box, volume over time, fields and lines. */
export function Search() {
  const { q = '', row, tail } = route.useSearch();
  const navigate = route.useNavigate();
  const { span, setRange, refresh } = usePageTime();
  const [fieldsShown, setFieldsShown] = useState(false);
  const search = useMemo<LogSearch>(() => ({ q, span }), [q, span]);
  const fields = useLastGood(useQuery(fieldsQuery(search)).data)?.fields ?? [];
  const histogram = useQuery(histogramQuery(search));
  const volume = useLastGood(histogram.data);
  const setQuery = (next: string) => {
    refresh();
    void navigate({ search: (old) => ({ ...old, q: next || undefined, row: undefined }) });
  };
  const addTerm = (term: string) => setQuery(withTerm(q, term));
  return (
    <>
      <div className="logs-tools">
        <QueryBox query={q} counts={fields} submit={setQuery} />
        <TailSwitch on={tail !== undefined} />
        <Button className="fields-switch" aria-pressed={fieldsShown} onClick={() => setFieldsShown(!fieldsShown)}>
          Fields
        </Button>
        <ExportMenu search={search} />
      </div>
      <div className="logs-histogram">
        {volume !== undefined ? (
          <Histogram data={volume} onZoom={(zoomed) => setRange({ kind: 'between', ...zoomed })} />
        ) : histogram.error !== null ? (
          <Failure error={histogram.error} retry={() => void histogram.refetch()} />
        ) : (
          <Loading what="the volume" rows={4} />
        )}
      </div>
      <div className={fieldsShown ? 'logs-body logs-body-fields' : 'logs-body'}>
        <FieldPanel fields={fields} addTerm={addTerm} />
        <Lines search={search} tailing={tail !== undefined} />
      </div>
      {row !== undefined && <RowDrawer id={row} addTerm={addTerm} />}
    </>
  );
}

function TailSwitch({ on }: { on: boolean }) {
  const navigate = route.useNavigate();
  const toggle = () => void navigate({ search: (old) => ({ ...old, tail: on ? undefined : 'on', row: undefined }) });
  return (
    <Button icon={on ? 'pause' : 'play'} aria-pressed={on} onClick={toggle}>
      Live tail
    </Button>
  );
}

/** The list, and what stands in its place while there is none. */
function Lines({ search, tailing }: { search: LogSearch; tailing: boolean }) {
  const { row } = route.useSearch();
  const navigate = route.useNavigate();
  const box = useRef<HTMLDivElement>(null);
  const [reading, setReading] = useState(false);
  const query = useInfiniteQuery(rowsQuery(useFixed(search, tailing)));
  const paused = reading || row !== undefined;
  const tail = useTail(search.q, tailing, paused);
  useHistogramRefresh(tailing && !reading);
  const pages = useLastGood(query.data)?.pages;
  const rows = useMemo(() => joined(tail, pages?.flatMap((page) => page.items) ?? []), [tail, pages]);
  const retry = () => void query.refetch();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const resume = () => {
    box.current?.scrollTo({ top: 0 });
    setReading(false);
    if (row !== undefined) void navigate({ search: (old) => ({ ...old, row: undefined }) });
  };
  useRowKeys(rows);
  if (query.isPending && pages === undefined) return <Loading what="the lines" rows={12} />;
  if (query.error !== null && rows.length === 0)
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  return (
    <div className="logs-lines" data-old={query.isPlaceholderData}>
      {query.error !== null && <StaleNotice error={query.error} retry={retry} />}
      {tailing && <TailBar tail={tail} paused={paused} resume={resume} />}
      {rows.length === 0 ? (
        <NoLines q={search.q} />
      ) : (
        <LogList rows={rows} open={row} box={box} onEnd={more} onScroll={(top) => setReading(top > READING)} />
      )}
    </div>
  );
}

/** While the tail runs, the lines before it stay as they were when it began. */
function useFixed(search: LogSearch, fixed: boolean): LogSearch {
  const kept = useRef(search);
  if (!fixed || kept.current.q !== search.q) kept.current = search;
  return kept.current;
}

function useHistogramRefresh(on: boolean): void {
  const { refresh } = usePageTime();
  const latest = useRef(refresh);
  useEffect(() => {
    latest.current = refresh;
  });
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => latest.current(), REFRESH);
    return () => clearInterval(timer);
  }, [on]);
}

function joined(tail: Tail, older: readonly LogRow[]): readonly LogRow[] {
  if (tail.rows.length === 0) return older;
  const known = new Set(tail.rows.map((row) => row.id));
  return [...tail.rows, ...older.filter((row) => !known.has(row.id))];
}

/** With a line open, `j` and `k` open the next. */
function useRowKeys(rows: readonly LogRow[]): void {
  const { row } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (step: 1 | -1) => {
    if (row === undefined) return false;
    const next = rows[rows.findIndex((each) => each.id === row) + step];
    if (next !== undefined) void navigate({ search: (old) => ({ ...old, row: next.id }), replace: true });
    return true;
  };
  useShortcuts({ j: () => open(1), k: () => open(-1) });
}

function RowDrawer({ id, addTerm }: { id: string; addTerm(term: string): void }) {
  const navigate = route.useNavigate();
  return (
    <Drawer
      title="Log line"
      close={() => void navigate({ search: (old) => ({ ...old, row: undefined }) })}
      actions={
        <Link to="/logs/$id" params={{ id }}>
          Open as a page
        </Link>
      }
    >
      <RowDetail id={id} addTerm={addTerm} />
    </Drawer>
  );
}
