import { useQuery } from '@tanstack/react-query';
import type { ErrorRateAnalysis } from '@yumops/protocol';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount, formatPercent, plural } from '../../format/number.ts';
import { usePageTime } from '../../time/page-time.tsx';
import { type AnalysisFilter, analysisQuery, timesOf } from './analyses-queries.ts';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Share of error lines over time, and how many lines there were. */
export function ErrorRate({ filter }: { filter: AnalysisFilter }) {
  const query = useQuery(analysisQuery('error-rate', filter));
  const lines = sum(query.data?.lines ?? []);
  const errors = sum(query.data?.errors ?? []);
  return (
    <Panel
      title="Error rate"
      note={lines > 0 ? `${formatPercent((errors / lines) * 100)} of ${plural(lines, 'line')}` : undefined}
    >
      <QueryView query={query} what="the error rate" rows={6}>
        {(answer) =>
          lines === 0 ? (
            <Empty title="No log lines in this range">The share of errors stands here once there are lines.</Empty>
          ) : (
            <Charts answer={answer} lines={lines} errors={errors} />
          )
        }
      </QueryView>
    </Panel>
  );
}

function Charts({ answer, lines, errors }: { answer: ErrorRateAnalysis; lines: number; errors: number }) {
  const { setRange } = usePageTime();
  const times = timesOf(answer);
  const rates = answer.lines.map((all, index) => (all === 0 ? null : ((answer.errors[index] ?? 0) / all) * 100));
  const worst = Math.max(...rates.map((rate) => rate ?? 0));
  const zoom = (span: { from: number; to: number }) => setRange({ kind: 'between', ...span });
  return (
    <div className="analysis-pair">
      <TimeChart
        title="Errors among all lines"
        summary={`${plural(errors, 'error')} among ${plural(lines, 'line')}; at worst ${formatPercent(worst)}.`}
        kind="lines"
        times={times}
        series={[{ label: 'Error rate', token: 'mark-bad', values: rates }]}
        format={formatPercent}
        onZoom={zoom}
      />
      <TimeChart
        title="Lines"
        summary={`${plural(lines, 'line')}, ${errors.toLocaleString('en')} of them errors.`}
        kind="bars"
        times={times}
        step={answer.stepMs}
        series={[
          { label: 'other', token: 'series-1', values: answer.lines.map((all, i) => all - (answer.errors[i] ?? 0)) },
          { label: 'errors', token: 'mark-bad', values: answer.errors },
        ]}
        format={formatCount}
        onZoom={zoom}
      />
    </div>
  );
}
