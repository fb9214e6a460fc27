import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { StatementLoad } from '@yumops/protocol';
import { Button } from '../../components/button.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { formatCount, formatMilliseconds, formatPercent, UNKNOWN } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { loadsQuery } from './database-queries.ts';
import { QueryDetails } from './query-details.tsx';
import { SpanChoice, useSpan } from './span-choice.tsx';

const route = getRouteApi('/console/database');

/** How many times slower than in the week before is worth a word. */
const SLOWER = 2;

/** The statements that took the most time, against the week before. */
export function Queries({ database }: { database: string }) {
  const { query: open, text } = route.useSearch();
  const navigate = route.useNavigate();
  const span = useSpan();
  const query = useQuery({ ...loadsQuery(database, span, text), refetchInterval: useLiveInterval() });
  const shown = query.data?.items.find(({ id }) => id === open);
  return (
    <div className="database-view">
      <SpanChoice />
      {text !== undefined && (
        <p>
          <Button
            icon="close"
            onClick={() => void navigate({ search: (old: object) => ({ ...old, text: undefined }) })}
          >
            the statement of a span
          </Button>
        </p>
      )}
      <QueryView query={query} what="the statements" rows={8}>
        {({ items }) =>
          items.length === 0 ? <NoStatements ofSpan={text !== undefined} /> : <List items={items} open={open} />
        }
      </QueryView>
      {open !== undefined && (
        <Drawer title="Statement" close={() => void navigate({ search: (old) => ({ ...old, query: undefined }) })}>
          <QueryDetails database={database} id={open} span={span} load={shown} />
        </Drawer>
      )}
    </div>
  );
}

function NoStatements({ ofSpan }: { ofSpan: boolean }) {
  if (ofSpan) {
    return (
      <Empty title="This statement was not sampled in this time">
        Choose a longer time, or see all statements. What ran once between two samples, or in another database, is not
        among them.
      </Empty>
    );
  }
  return (
    <Empty title="No statement was sampled in this time">
      Statements are sampled every 30 seconds from pg_stat_statements; two samples are needed. If none comes, see the
      findings: the extension may be missing.
    </Empty>
  );
}

function List({ items, open }: { items: readonly StatementLoad[]; open: string | undefined }) {
  const list = useListKeys<HTMLDivElement>();
  return (
    <div className="panel" ref={list}>
      <div className="statement-columns" aria-hidden="true">
        <span>Statement</span>
        <span>Share of time</span>
        <span>Mean</span>
        <span>95 % under</span>
        <span>Week before</span>
        <span>Calls</span>
        <span>Rows</span>
      </div>
      <ul>
        {items.map((load) => (
          <li key={load.id}>
            <route.Link
              data-row
              to="."
              search={(old: object) => ({ ...old, query: load.id })}
              className="statement-row"
              data-current={load.id === open}
            >
              <code className="truncate">{load.query}</code>
              <span className="share figures">
                <meter value={load.share} max={1} aria-hidden="true" />
                {formatPercent(load.share * 100)}
              </span>
              <span className="figures">{formatMilliseconds(load.meanMs)}</span>
              <span className="figures">{load.p95Ms === null ? UNKNOWN : formatMilliseconds(load.p95Ms)}</span>
              <Usual load={load} />
              <span className="figures">{formatCount(load.calls)}</span>
              <span className="figures">{formatCount(load.rows)}</span>
            </route.Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Usual({ load: { usualMs, meanMs } }: { load: StatementLoad }) {
  if (usualMs === null) return <span className="quiet">not seen</span>;
  const factor = meanMs / usualMs;
  if (factor < SLOWER || meanMs < 1) return <span className="figures">{formatMilliseconds(usualMs)}</span>;
  return <State tone="warn" word={`${Math.round(factor)}× slower`} />;
}
