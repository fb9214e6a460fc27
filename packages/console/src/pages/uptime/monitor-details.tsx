import { useQuery } from '@tanstack/react-query';
import type { MonitorDetail, Outage } from '@yumops/protocol';
import { inProject } from '../../api/project.ts';
import { checksQuery, meQuery, monitorHistoryQuery, monitorQuery, monitorSlaQuery } from '../../api/queries.ts';
import { DayBars, daysSummary } from '../../charts/day-bars.tsx';
import { Command } from '../../components/command.tsx';
import { MONITOR_STATE } from '../../components/monitor-state.ts';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { Instant, When } from '../../components/when.tsx';
import { formatPercent, formatSpan, UNKNOWN } from '../../format/number.ts';
import { useNow } from '../../time/now.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { AvailabilityTable } from './availability-table.tsx';
import { CertificateDays } from './certificate-days.tsx';
import { Evidence } from './evidence.tsx';
import { Locations } from './locations.tsx';
import { MonitorActions, RemoveMonitor } from './monitor-actions.tsx';
import { EditMonitor } from './monitor-form.tsx';
import { NamedChecks } from './named-checks.tsx';
import { PercentileTable } from './percentiles.tsx';
import { Phases } from './phases.tsx';

export interface MonitorDetailsProps {
  id: string;
  /** The form that is open, as the address says. */
  doing: string | undefined;
  /** Opens a form, or none; `id` when the monitor has another one by now. */
  show(what: string | undefined, id?: string): void;
  removed(): void;
}

/** State, days, phases, last failure and outages of a monitor; the same in the drawer and on its page. */
export function MonitorDetails({ id, doing, show, removed }: MonitorDetailsProps) {
  const refetchInterval = useLiveInterval();
  const monitor = useQuery({ ...monitorQuery(id), refetchInterval });
  const checks = useQuery({ ...checksQuery(id), refetchInterval });
  const history = useQuery({ ...monitorHistoryQuery(id), refetchInterval });
  const sla = useQuery(monitorSlaQuery(id));
  return (
    <div className="monitor-details">
      <QueryView query={monitor} what="the monitor" rows={6}>
        {(detail) => (
          <>
            <Now monitor={detail} />
            <MonitorActions monitor={detail} open={show} />
            {detail.locations.length > 0 && <Locations monitor={detail} />}
            <Days monitor={detail} />
            {detail.named.length > 0 && <NamedChecks checks={detail.named} />}
          </>
        )}
      </QueryView>
      <Panel title="Phases of each check" note={checks.data && `last ${checks.data.items.length}`}>
        <QueryView query={checks} what="the checks">
          {({ items }) => <Phases checks={items} />}
        </QueryView>
      </Panel>
      <Panel title="How long good checks took" note="last 24 h" flush>
        <QueryView query={history} what="the percentiles">
          {(found) => <PercentileTable history={found} />}
        </QueryView>
      </Panel>
      <Panel
        title="Availability"
        note="planned work left out"
        actions={<a href={inProject(`/api/v1/checks.csv?monitor=${encodeURIComponent(id)}`)}>Checks as CSV</a>}
        flush
      >
        <QueryView query={sla} what="the availability">
          {({ items }) => <AvailabilityTable figures={items} />}
        </QueryView>
      </Panel>
      {checks.data !== undefined && <Evidence checks={checks.data.items} />}
      <Forms monitor={monitor.data} doing={doing} show={show} removed={removed} />
      {monitor.data !== undefined && <Outages outages={monitor.data.incidents} />}
    </div>
  );
}

/** The form that the address names, for who may use it. */
function Forms({
  monitor,
  doing,
  show,
  removed,
}: Omit<MonitorDetailsProps, 'id'> & { monitor: MonitorDetail | undefined }) {
  const isAdmin = useQuery(meQuery).data?.role === 'admin';
  if (!isAdmin || monitor?.source !== 'stored') return null;
  const { id, name } = monitor;
  const close = () => show(undefined);
  if (doing === 'edit') return <EditMonitor id={id} close={close} saved={(next) => show(undefined, next)} />;
  if (doing === 'remove') return <RemoveMonitor id={id} name={name} close={close} removed={removed} />;
  return null;
}

function Now({ monitor }: { monitor: MonitorDetail }) {
  return (
    <section className="monitor-now" aria-label="Now">
      <p className="monitor-now-state">
        <State {...MONITOR_STATE[monitor.state]} look="badge" />
        {monitor.since !== null && (
          <span className="quiet">
            since <Instant at={monitor.since} />
          </span>
        )}
      </p>
      {monitor.reason !== null && <p className="monitor-reason">{monitor.reason}</p>}
      <dl className="facts">
        <dt>Checks</dt>
        <dd>
          {monitor.method} {monitor.url}
          {monitor.rewrittenTo !== null && <span className="quiet"> — checked at {monitor.rewrittenTo}</span>}
        </dd>
        {monitor.pingUrl !== null && (
          <>
            <dt>Calls here</dt>
            <dd>
              <Command line={monitor.pingUrl} what="address" />
            </dd>
          </>
        )}
        <dt>Expects</dt>
        <dd>{monitor.expectation.join(' · ')}</dd>
        {monitor.parent !== null && (
          <>
            <dt>Explained by</dt>
            <dd>{monitor.parent}</dd>
          </>
        )}
        <dt>Every</dt>
        <dd>
          {formatSpan(monitor.interval * 1000)}, limit {formatSpan(monitor.timeout * 1000)}
        </dd>
        <dt>Last check</dt>
        <dd>{monitor.lastCheckedAt === null ? 'not yet' : <When at={monitor.lastCheckedAt} />}</dd>
        <dt>Next check</dt>
        <dd>{monitor.nextCheckAt === null ? UNKNOWN : <When at={monitor.nextCheckAt} />}</dd>
        <dt>Certificate</dt>
        <dd>
          <CertificateDays days={monitor.certificateDays} />
        </dd>
      </dl>
    </section>
  );
}

function Days({ monitor }: { monitor: MonitorDetail }) {
  const share = monitor.uptime90d === null ? UNKNOWN : formatPercent(monitor.uptime90d);
  return (
    <Panel title="90 days" note={share}>
      <DayBars bars={monitor.bars} tall />
      <p className="quiet monitor-days">{daysSummary(monitor.bars)}</p>
    </Panel>
  );
}

function Outages({ outages }: { outages: readonly Outage[] }) {
  const now = useNow();
  return (
    <Panel title="Outages" note={String(outages.length)} flush>
      {outages.length === 0 ? (
        <p className="monitor-none">None on record.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Began</th>
              <th scope="col">Lasted</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {outages.map(({ startedAt, endedAt, reason }) => (
              <tr key={startedAt}>
                <td className="outage-time">
                  <Instant at={startedAt} />
                </td>
                <td className="outage-time">
                  {formatSpan((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt))}
                  {endedAt === null && ' so far'}
                </td>
                <td className="outage-reason">{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
