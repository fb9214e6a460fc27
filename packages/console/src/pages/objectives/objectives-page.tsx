import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SloItem } from '@yumops/protocol';
import { Freshness } from '../../components/freshness.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { Empty } from '../../components/notice.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { type Look, State } from '../../components/state.tsx';
import { formatPercent, UNKNOWN } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { ObjectiveDetails } from './objective-details.tsx';
import { slosQuery } from './objective-queries.ts';
import './objectives.css';

const route = getRouteApi('/console/objectives');

const LOOKS: Record<SloItem['state'], Look> = {
  ok: { tone: 'ok', word: 'Within budget' },
  burning: { tone: 'bad', word: 'Burns too fast' },
  exhausted: { tone: 'bad', word: 'Used up' },
  unknown: { tone: 'unknown', word: 'Nothing counted' },
};

/** Objectives, what is left of their error budgets, and what other numbers would mean. */
export function ObjectivesPage() {
  const query = useQuery({ ...slosQuery, refetchInterval: useLiveInterval() });
  const { slo } = route.useSearch();
  const open = query.data?.items.find(({ id }) => id === slo);
  return (
    <Page title="Objectives" note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}>
      <QueryView query={query} what="the objectives" rows={5}>
        {({ items }) => (items.length === 0 ? <NoObjectives /> : <Objectives items={items} open={slo} />)}
      </QueryView>
      {open !== undefined && <ObjectiveDetails key={open.id} slo={open} />}
    </Page>
  );
}

function NoObjectives() {
  return (
    <Empty title="No objectives yet">
      Write under slos in yumops.yml which share of requests or checks must be good. What may fail then is a budget, and
      alerts say when it burns too fast.
    </Empty>
  );
}

function Objectives({ items, open }: { items: readonly SloItem[]; open: string | undefined }) {
  const list = useListKeys<HTMLUListElement>();
  return (
    <Panel title="Error budgets" note={String(items.length)} flush>
      <ul ref={list}>
        {items.map((item) => (
          <li key={item.id}>
            <Row item={item} current={item.id === open} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Row({ item, current }: { item: SloItem; current: boolean }) {
  const { id, name, target, window, state, attained, budget, burnRate } = item;
  return (
    <route.Link data-row to="." search={{ slo: id }} className="panel-row objective-row" data-current={current}>
      <span className="objective-name">
        <strong className="truncate">{name}</strong>
        <span className="quiet">
          {target} % over {window}
        </span>
      </span>
      <State {...LOOKS[state]} />
      <span className="figures">{attained === null ? UNKNOWN : formatPercent(attained)}</span>
      <BudgetLeft remaining={state === 'unknown' ? null : budget.remaining} />
      <span className="quiet figures">{burnRate === null ? '' : `${Number(burnRate.toPrecision(2))}× in 1 h`}</span>
    </route.Link>
  );
}

function BudgetLeft({ remaining }: { remaining: number | null }) {
  if (remaining === null) return <span className="quiet">{UNKNOWN}</span>;
  return (
    <span className="objective-left">
      <meter min={0} max={100} low={25} optimum={100} value={Math.max(0, remaining)} aria-hidden="true" />
      <span className="figures">{remaining < 0 ? 'overdrawn' : `${formatPercent(remaining)} left`}</span>
    </span>
  );
}
