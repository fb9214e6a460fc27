import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SloBurnAlert, SloItem, SloPreview } from '@yumops/protocol';
import { Fragment } from 'react';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Choice } from '../../components/choice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { formatPercent, formatSpan, plural, UNKNOWN } from '../../format/number.ts';
import { sloPreviewQuery } from './objective-queries.ts';

const route = getRouteApi('/console/objectives');
const WINDOWS = ['7d', '28d', '30d'] as const;

/** One objective: what was left day by day, its alerts, and other numbers to try. */
export function ObjectiveDetails({ slo }: { slo: SloItem }) {
  return (
    <div className="objective-details">
      <Panel title={slo.name} note={slo.sentence}>
        <History slo={slo} />
      </Panel>
      <Trial slo={slo} />
      <Panel title="Alerts on the budget" flush>
        <Alerts alerts={slo.alerts} />
      </Panel>
    </div>
  );
}

function History({ slo: { history, budget } }: { slo: SloItem }) {
  return (
    <TimeChart
      title="Budget left at the end of each day"
      summary={`${formatPercent(budget.remaining)} of the budget are left now.`}
      kind="lines"
      times={history.map(({ day }) => Date.parse(day))}
      series={[{ label: 'Left', token: 'series-1', values: history.map(({ remaining }) => remaining) }]}
      format={formatPercent}
      height={140}
    />
  );
}

/** Other numbers: the address holds them, and the platform says what they would mean. */
function Trial({ slo }: { slo: SloItem }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const written = search.target ?? String(slo.target);
  const window = WINDOWS.find((one) => one === search.window) ?? slo.window;
  const target = Number(written);
  const fits = target > 0 && target < 100;
  const query = useQuery({ ...sloPreviewQuery({ slo: slo.id, target, window }), enabled: fits });
  const change = (next: { target?: string; window?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  return (
    <Panel title="Try other numbers" note="nothing changes; write them into slos when they fit">
      <div className="objective-trial">
        <label className="field">
          <span className="field-label">Target, percent</span>
          <input
            className="input"
            inputMode="decimal"
            value={written}
            aria-invalid={!fits}
            onChange={(event) => change({ target: event.target.value })}
          />
        </label>
        <Choice
          label="Window"
          value={window}
          options={WINDOWS.map((value) => ({ value, label: value }))}
          onChange={(value) => change({ window: value })}
        />
      </div>
      {fits ? (
        <QueryView query={query} what="what they would mean" rows={4}>
          {(preview) => <Meaning preview={preview} />}
        </QueryView>
      ) : (
        <State tone="warn" word="A target lies between 0 and 100, such as 99.9." />
      )}
    </Panel>
  );
}

function Meaning({ preview: { outageSeconds, timeToPage, measured } }: { preview: SloPreview }) {
  return (
    <dl className="facts">
      {timeToPage.map(({ failingPercent, seconds, alert }) => (
        <Fragment key={failingPercent}>
          <dt>{failingPercent === 100 ? 'Everything fails' : `${failingPercent} % fail`}</dt>
          <dd>
            {seconds === null ? 'nobody is paged' : `pages after ${formatSpan(seconds * 1_000)}`}
            {alert !== null && <span className="quiet"> by {alert}</span>}
          </dd>
        </Fragment>
      ))}
      <dt>May fail</dt>
      <dd>{formatSpan(outageSeconds * 1_000)} of a whole outage in the window</dd>
      <dt>Left now</dt>
      <dd>
        {measured === null
          ? UNKNOWN
          : `${formatPercent(measured.remaining)}: ${plural(measured.bad, 'event')} of ${measured.total.toLocaleString('en')} failed, ${formatPercent(measured.attained)} were good`}
      </dd>
    </dl>
  );
}

function Alerts({ alerts }: { alerts: readonly SloBurnAlert[] }) {
  if (alerts.length === 0)
    return <p className="quiet objective-none">Its alerts are turned off (burn_alerts: none).</p>;
  const rate = (value: number | null) => (value === null ? UNKNOWN : `${Number(value.toPrecision(2))}×`);
  return (
    <ScrollRegion label="Windows of each alert">
      <table>
        <thead>
          <tr>
            <th scope="col">Alert</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Limit
            </th>
            <th scope="col" className="number">
              Long window
            </th>
            <th scope="col" className="number">
              Short window
            </th>
          </tr>
        </thead>
        <tbody>
          {alerts.map(({ name, state, severity, factor, long, short, longRate, shortRate }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <State
                  tone={state === 'firing' ? 'bad' : 'none'}
                  word={state === 'firing' ? `Firing, ${severity}` : severity}
                />
              </td>
              <td className="number">{factor}×</td>
              <td className="number">
                {rate(longRate)} in {long}
              </td>
              <td className="number">
                {rate(shortRate)} in {short}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
