import { useQuery } from '@tanstack/react-query';
import type { StatementLoad } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Command } from '../../components/command.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount, formatMilliseconds, formatPercent, UNKNOWN } from '../../format/number.ts';
import { historyQuery, planQuery, type SpanName } from './database-queries.ts';
import '../../components/facts.css';

export interface QueryDetailsProps {
  database: string;
  /** 64 bits, as text. */
  id: string;
  span: SpanName;
  /** Its sums over the span, if they were read. */
  load: StatementLoad | undefined;
}

/** One statement: its text, its history, and how Postgres would run it. */
export function QueryDetails({ database, id, span, load }: QueryDetailsProps) {
  const plan = useQuery(planQuery(database, id));
  return (
    <div className="database-details">
      {load && <Command line={load.query} what="statement" />}
      {load && <Sums load={load} />}
      <History database={database} id={id} span={span} />
      <Panel title="Plan" note="for values that are not known">
        <QueryView query={plan} what="the plan" rows={4}>
          {(found) => (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to take the focus to be scrolled by keyboard
            <pre className="plan" tabIndex={0}>
              {found.plan.join('\n')}
            </pre>
          )}
        </QueryView>
      </Panel>
      <p className="quiet">
        queryid <code>{id}</code>
      </p>
    </div>
  );
}

function Sums({ load }: { load: StatementLoad }) {
  return (
    <dl className="facts">
      <dt>Share of time</dt>
      <dd>{formatPercent(load.share * 100)}</dd>
      <dt>Mean</dt>
      <dd>
        {formatMilliseconds(load.meanMs)}
        {load.usualMs !== null && `, in the week before ${formatMilliseconds(load.usualMs)}`}
      </dd>
      <dt>95 % under</dt>
      <dd>{load.p95Ms === null ? UNKNOWN : `${formatMilliseconds(load.p95Ms)}, estimated from mean and spread`}</dd>
      <dt>99 % under</dt>
      <dd>{load.p99Ms === null ? UNKNOWN : `${formatMilliseconds(load.p99Ms)}, estimated`}</dd>
      <dt>Calls</dt>
      <dd>{formatCount(load.calls)}</dd>
      <dt>Rows a call</dt>
      <dd>{formatCount(Math.round(load.rows / Math.max(1, load.calls)))}</dd>
    </dl>
  );
}

function History({ database, id, span }: Pick<QueryDetailsProps, 'database' | 'id' | 'span'>) {
  const query = useQuery(historyQuery(database, id, span));
  return (
    <QueryView query={query} what="the history" rows={4}>
      {({ items }) => {
        const times = items.map(({ at }) => at);
        const step = (times[1] ?? 0) - (times[0] ?? 0);
        return (
          <>
            <TimeChart
              title="Time"
              summary={`Mean time of the statement, and an estimate of its slow calls, over the last ${span}`}
              kind="lines"
              times={times}
              series={[
                { label: 'mean', token: 'series-1', values: items.map(({ meanMs }) => meanMs) },
                { label: '95 % under (estimate)', token: 'series-3', values: items.map(({ p95Ms }) => p95Ms) },
              ]}
              format={formatMilliseconds}
              height={120}
            />
            <TimeChart
              title="Calls"
              summary={`Calls of the statement over the last ${span}`}
              kind="bars"
              times={times}
              step={step}
              series={[{ label: 'calls', token: 'series-2', values: items.map(({ calls }) => calls) }]}
              format={formatCount}
              height={96}
            />
          </>
        );
      }}
    </QueryView>
  );
}
