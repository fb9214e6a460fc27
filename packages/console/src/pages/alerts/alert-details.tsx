import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AlertDetail, AlertTimelineEntry } from '@yumops/protocol';
import { alertQuery } from '../../api/queries.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { ALERT_STATE } from '../../components/alert-state.ts';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';
import { Instant } from '../../components/when.tsx';
import { formatQuantity, glued } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { runbooksQuery } from '../incidents/incident-queries.ts';
import { Acknowledge } from './acknowledge.tsx';
import { Escalation } from './escalation.tsx';
import { Labels } from './labels.tsx';
import { MoreActions } from './more-actions.tsx';
import { NextStep } from './next-step.tsx';
import { NotificationTable } from './notification-table.tsx';
import { Reading } from './reading.tsx';
import { QueryText } from './rules.tsx';

/** What is wrong, how it came about and who was told; the same in the drawer and on its page. */
export function AlertDetails({ id }: { id: string }) {
  const query = useQuery({ ...alertQuery(id), refetchInterval: useLiveInterval() });
  return (
    <QueryView query={query} what="the alert" rows={8}>
      {(alert) => (
        <div className="alert-details">
          <Head alert={alert} />
          <ValueChart alert={alert} />
          <Escalation steps={alert.escalation} />
          <Panel title="What happened" flush>
            <Timeline entries={alert.timeline} />
          </Panel>
          <Panel title="Who was told" note={String(alert.notifications.length)} flush>
            {alert.notifications.length === 0 ? (
              <p className="alert-none">Nobody yet.</p>
            ) : (
              <NotificationTable items={alert.notifications} />
            )}
          </Panel>
          <Panel title="The rule">
            <p className="alert-rule">{glued(alert.sentence)}</p>
            <QueryText query={alert.query} />
          </Panel>
        </div>
      )}
    </QueryView>
  );
}

function Head({ alert }: { alert: AlertDetail }) {
  return (
    <section className="alert-head" aria-label="Now">
      <p className="alert-states">
        <State {...ALERT_STATE[alert.state]} look="badge" />
        <State {...SEVERITY[alert.severity]} />
        <span className="quiet">
          since <Instant at={alert.startedAt} />
        </span>
      </p>
      <p className="alert-sentence">{glued(alert.summary)}</p>
      <div className="alert-facts">
        <Reading alert={{ ...alert, value: valueNow(alert) }} />
        <Labels labels={alert.labels} />
        {alert.mutedBy !== null && <State tone="none" icon="muted" word={`Muted: ${alert.mutedBy}`} />}
        {alert.flappingSince !== null && (
          <span className="quiet">
            <State tone="none" icon="warn" word="Flapping" /> since <Instant at={alert.flappingSince} />, told of every
            30 min
          </span>
        )}
      </div>
      <div className="alert-actions">
        <Acknowledge alert={alert} />
        <MoreActions alert={alert} />
        <Runbook alert={alert} />
      </div>
      {alert.next !== null && alert.acknowledgedBy === null && <NextStep next={alert.next} />}
    </section>
  );
}

/** What to do about it: the runbook that the alert names, else the one that goes with its rule. */
function Runbook({ alert: { rule, runbook } }: { alert: AlertDetail }) {
  const known = useQuery(runbooksQuery).data?.items ?? [];
  if (runbook !== null && /^https?:/.test(runbook)) {
    return (
      <a className="button" href={runbook} rel="noreferrer">
        Runbook
      </a>
    );
  }
  const named = runbook?.split('/').at(-1)?.replace(/\.md$/, '');
  const found = known.find(({ id }) => id === named) ?? known.find(({ alerts }) => alerts.includes(rule));
  if (found === undefined) return null;
  return (
    <Link className="button" to="/runbooks" search={{ runbook: found.id }}>
      Runbook
    </Link>
  );
}

/** The newest value of a firing alert; its sentence keeps the one at which it began. */
function valueNow({ state, value, series }: AlertDetail): number | null {
  return state === 'firing' ? (series.findLast(([, known]) => known !== null)?.[1] ?? value) : value;
}

function ValueChart({ alert }: { alert: AlertDetail }) {
  if (alert.series.length === 0) return null;
  const format = (value: number) => formatQuantity(value, alert.unit);
  const limit = alert.threshold === null ? '' : `, limit ${format(alert.threshold)}`;
  return (
    <TimeChart
      title="Value, last hour"
      summary={`${alert.rule}: now ${formatQuantity(valueNow(alert), alert.unit)}${limit}.`}
      kind="lines"
      times={alert.series.map(([time]) => time)}
      series={[{ label: alert.rule, token: 'series-1', values: alert.series.map(([, value]) => value) }]}
      format={format}
      {...(alert.threshold === null
        ? {}
        : { threshold: { value: alert.threshold, label: `limit ${format(alert.threshold)}` } })}
    />
  );
}

function Timeline({ entries }: { entries: readonly AlertTimelineEntry[] }) {
  return (
    <ol className="timeline">
      {entries.map((entry) => (
        <li key={`${entry.at} ${entry.kind} ${entry.reason}`} className="timeline-entry">
          <span className="timeline-at">
            <Instant at={entry.at} />
          </span>
          <span className="timeline-kind">{entry.to === null ? entry.kind : <State {...ALERT_STATE[entry.to]} />}</span>
          <span>{entry.reason}</span>
        </li>
      ))}
    </ol>
  );
}
