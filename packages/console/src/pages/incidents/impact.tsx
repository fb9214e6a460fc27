import { useQuery } from '@tanstack/react-query';
import type { ImpactFigures, IncidentImpact } from '@yumops/protocol';
import { type ChartMark, TimeChart } from '../../charts/time-chart.tsx';
import { HrefLink } from '../../components/href-link.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatCount, formatMilliseconds, formatPercent, plural } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { impactQuery } from './incident-queries.ts';

type Mark = IncidentImpact['marks'][number];

/** What it did to requests, with what happened beside it. It is drawn from what was frozen. */
export function Impact({ id }: { id: string }) {
  const query = useQuery({ ...impactQuery(id), refetchInterval: useLiveInterval() });
  const impact = query.data;
  return (
    <Panel title="Impact" note={impact && noteOf(impact)}>
      <QueryView query={query} what="the impact" rows={8}>
        {(data) => (data.spans.length === 0 ? <Nothing impact={data} /> : <Graph impact={data} />)}
      </QueryView>
    </Panel>
  );
}

function noteOf({ service, spans }: IncidentImpact): string | undefined {
  if (spans.length === 0) return undefined;
  const whose = service === null ? 'all requests' : `requests of ${service}`;
  return `${whose}, ${spans.every(({ complete }) => complete) ? 'frozen' : 'so far'}`;
}

function Nothing({ impact: { service, error } }: { impact: IncidentImpact }) {
  if (error !== null) return <State tone="bad" word={`Requests could not be read, it is tried again: ${error}`} />;
  return (
    <Empty title={service === null ? 'No request around it' : `No request of ${service} around it`}>
      Traffic, error rate and response times stand here, from 15 minutes before it began, once requests are stored.
    </Empty>
  );
}

function Graph({ impact }: { impact: IncidentImpact }) {
  return (
    <div className="impact">
      <Figures impact={impact} />
      {impact.error !== null && (
        <State tone="bad" word={`The last reading failed, it is tried again: ${impact.error}`} />
      )}
      <Marks marks={impact.marks} />
      <div className="impact-spans">
        {impact.spans.map((span, index) => (
          <section key={span.from} className="impact-span" aria-label={PLACES[index]}>
            {impact.spans.length > 1 && <h3 className="impact-place">{PLACES[index]}</h3>}
            <Charts span={span} impact={impact} />
          </section>
        ))}
      </div>
    </div>
  );
}

const PLACES = ['Around the beginning', 'Around the end'];

function Charts({ span, impact }: { span: IncidentImpact['spans'][number]; impact: IncidentImpact }) {
  const times = span.minutes.map(({ at }) => Date.parse(at));
  const marks = marksOf(impact.marks, Date.parse(span.takenAt));
  const rates = span.minutes.map(({ requests, failed }) => (requests === 0 ? null : (100 * failed) / requests));
  const worst = Math.max(0, ...rates.flatMap((rate) => rate ?? []));
  const requests = span.minutes.reduce((total, minute) => total + minute.requests, 0);
  const slowest = Math.max(0, ...span.minutes.flatMap(({ p95Ms }) => p95Ms ?? []));
  const shared = { kind: 'lines' as const, times, marks, height: 128 };
  return (
    <>
      <TimeChart
        {...shared}
        title="Error rate"
        summary={`At worst ${formatPercent(worst)} of the requests of a minute failed.`}
        series={[{ label: 'Failed', token: 'mark-bad', values: rates }]}
        format={formatPercent}
      />
      <TimeChart
        {...shared}
        title="Response time"
        summary={`At worst 95 % were answered within ${formatMilliseconds(slowest)}.`}
        series={[{ label: 'p95', token: 'series-3', values: span.minutes.map(({ p95Ms }) => p95Ms) }]}
        format={formatMilliseconds}
      />
      <TimeChart
        {...shared}
        title="Traffic"
        summary={`${plural(requests, 'request')} in ${plural(times.length, 'minute')}.`}
        series={[{ label: 'Requests a minute', token: 'series-1', values: span.minutes.map((one) => one.requests) }]}
        format={formatCount}
      />
    </>
  );
}

const LOOKS: Record<Mark['kind'], { token: string; dashed?: boolean; word: string }> = {
  alert: { token: 'mark-bad', word: 'Alert' },
  deploy: { token: 'series-1', dashed: true, word: 'Deploy' },
  began: { token: 'mark-bad', word: 'Incident' },
  mitigated: { token: 'mark-warn', word: 'Incident' },
  ended: { token: 'mark-ok', word: 'Incident' },
};

/** An alert that goes on reaches to the end of what was read. */
function marksOf(marks: readonly Mark[], takenAt: number): ChartMark[] {
  return marks.map(({ kind, at, until }) => {
    const { token, dashed = false } = LOOKS[kind];
    const end = until === null ? takenAt : Date.parse(until);
    return { at: Date.parse(at), token, dashed, ...(kind === 'alert' && { until: end }) };
  });
}

function Marks({ marks }: { marks: readonly Mark[] }) {
  return (
    <ul className="impact-marks" aria-label="What is marked">
      {marks.map(({ kind, at, until, text, link }) => (
        <li key={`${kind} ${at} ${link ?? text}`}>
          <span
            className="impact-key"
            data-look={kind === 'alert' ? 'stretch' : LOOKS[kind].dashed ? 'dashed' : 'line'}
            style={{ color: `var(--${LOOKS[kind].token})` }}
          />
          <Instant at={at} />
          <span className="quiet">{LOOKS[kind].word}</span>
          <span>{link === null ? text : <HrefLink href={link}>{text}</HrefLink>}</span>
          {kind === 'alert' && (
            <span className="quiet">
              {until === null ? (
                'fires'
              ) : (
                <>
                  until <Instant at={until} />
                </>
              )}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

const ROWS: readonly { label: string; cell(figures: ImpactFigures): string }[] = [
  {
    label: 'Error rate',
    cell: ({ errorPercent }) => (errorPercent === null ? '–' : formatPercent(errorPercent)),
  },
  { label: 'p95, median of the minutes', cell: ({ p95Ms }) => (p95Ms === null ? '–' : formatMilliseconds(p95Ms)) },
  {
    label: 'Requests a minute',
    cell: ({ requestsPerMinute }) => (requestsPerMinute === null ? '–' : formatCount(requestsPerMinute)),
  },
  {
    label: 'Requests that failed',
    cell: ({ minutes, failed, requests }) =>
      minutes === 0 ? '–' : `${formatCount(failed)} of ${formatCount(requests)}`,
  },
];

function Figures({ impact: { before, during, after } }: { impact: IncidentImpact }) {
  const parts = [before, during, after];
  return (
    <table className="impact-figures figures">
      <thead>
        <tr>
          <td />
          <th scope="col">Before</th>
          <th scope="col">During</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {ROWS.map(({ label, cell }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {parts.map((figures, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: before, during and after keep their places
              <td key={index}>{cell(figures)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
