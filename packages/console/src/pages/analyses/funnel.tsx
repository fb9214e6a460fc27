import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { FunnelAnalysis } from '@yumops/protocol';
import { type FormEvent, useState } from 'react';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount, formatPercent, formatSpan, plural } from '../../format/number.ts';
import { type AnalysisFilter, analysisQuery, timesOf } from './analyses-queries.ts';

const route = getRouteApi('/console/analyses');
const EVENTS = 'user_registration,restaurant_rating,order_placed';

export interface FunnelProps {
  filter: AnalysisFilter;
  /** Names with commas between, and a duration, as the address has them. */
  events: string | undefined;
  within: string | undefined;
}

/** How many people went how far through business events, in all and by the time at which they began. */
export function Funnel({ filter, events = EVENTS, within = '24h' }: FunnelProps) {
  const query = useQuery(analysisQuery('funnel', filter, { events, within }));
  return (
    <Panel title="Funnel" note={query.data && `within ${formatSpan(query.data.withinMs)}`}>
      <Steps key={`${events} ${within}`} events={events} within={within} />
      <QueryView query={query} what="the funnel" rows={5}>
        {(answer) =>
          (answer.items[0]?.people ?? 0) === 0 ? (
            <Empty title="Nobody began in this range">
              Events count for somebody whom they name: <code>addContext({'{ userId }'})</code> in the log,{' '}
              <code>setUser(idHash)</code> in pages.
              {answer.anonymous > 0 && ` ${plural(answer.anonymous, 'event')} of this range name nobody.`}
            </Empty>
          ) : (
            <Figures answer={answer} />
          )
        }
      </QueryView>
    </Panel>
  );
}

function Steps({ events, within }: { events: string; within: string }) {
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(events);
  const [limit, setLimit] = useState(within);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const names = typed
      .split(/[\s,>→]+/)
      .filter((name) => name !== '')
      .join(',');
    void navigate({
      search: (old) => ({
        ...old,
        events: names === EVENTS || names === '' ? undefined : names,
        within: limit === '24h' || limit === '' ? undefined : limit,
      }),
    });
  };
  return (
    <form className="funnel-form" onSubmit={submit}>
      <label className="field">
        <span className="field-label">Events, in their order</span>
        <input className="input mono" value={typed} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <label className="field funnel-within">
        <span className="field-label">Within</span>
        <input className="input mono" value={limit} onChange={(event) => setLimit(event.target.value)} />
      </label>
      <Button type="submit">Show</Button>
    </form>
  );
}

function Figures({ answer }: { answer: FunnelAnalysis }) {
  const first = answer.items[0]?.people ?? 0;
  const last = answer.items.at(-1)?.people ?? 0;
  return (
    <div className="analysis-pair">
      <TimeChart
        title="People by the time of their first step"
        summary={`${plural(first, 'person', 'people')} began, ${last.toLocaleString('en')} came to the last step.`}
        kind="lines"
        height={200}
        times={timesOf(answer)}
        series={answer.items.map(({ event, series }, index) => ({
          label: event,
          token: `series-${index + 1}`,
          values: series,
        }))}
        format={formatCount}
      />
      <ol className="funnel">
        {answer.items.map(({ event, people, events }, index) => {
          const before = index === 0 ? people : (answer.items[index - 1]?.people ?? 0);
          return (
            <li key={event}>
              <span className="funnel-name">
                <strong className="truncate">{event}</strong>
                <span className="figures">{plural(people, 'person', 'people')}</span>
              </span>
              <svg className="funnel-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect width={(people / first) * 100} height="4" />
              </svg>
              <span className="quiet figures">
                {index > 0 && before > 0 && `${formatPercent((people / before) * 100)} of the step before · `}
                {plural(events, 'event')}
              </span>
            </li>
          );
        })}
        {answer.anonymous > 0 && (
          <li className="quiet">{plural(answer.anonymous, 'event')} name nobody and are in no funnel.</li>
        )}
      </ol>
    </div>
  );
}
