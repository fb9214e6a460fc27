import { getRouteApi } from '@tanstack/react-router';
import type { Monitor, MonitorState } from '@yumops/protocol';
import { lastValue } from '../../charts/series.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { useListKeys } from '../../components/list-keys.ts';
import { MonitorBars } from '../../components/monitor-bars.tsx';
import { MONITOR_STATE, MONITOR_STATES } from '../../components/monitor-state.ts';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatMilliseconds, formatPercent, plural, UNKNOWN } from '../../format/number.ts';
import { CertificateDays } from './certificate-days.tsx';

export interface MonitorTableProps {
  monitors: readonly Monitor[];
  /** The monitor in the drawer. */
  open: string | undefined;
}

/** Monitors by state; each opens in the drawer. */
export function MonitorTable({ monitors, open }: MonitorTableProps) {
  const list = useListKeys<HTMLDivElement>();
  return (
    <div className="monitors" ref={list}>
      <div className="monitor-columns" aria-hidden="true">
        <span>Monitor</span>
        <span>90 days</span>
        <span>Uptime</span>
        <span>Latest checks</span>
        <span>Certificate</span>
        <span>Checked</span>
      </div>
      {MONITOR_STATES.map((state) => {
        const group = monitors.filter((monitor) => monitor.state === state);
        return group.length > 0 && <Group key={state} state={state} monitors={group} open={open} />;
      })}
    </div>
  );
}

function Group({ state, monitors, open }: MonitorTableProps & { state: MonitorState }) {
  const { word } = MONITOR_STATE[state];
  return (
    <section aria-label={word}>
      <h2 className="monitor-group">
        {word} <span className="quiet">{monitors.length}</span>
      </h2>
      <ul>
        {monitors
          .toSorted((a, b) => a.name.localeCompare(b.name))
          .map((monitor) => (
            <li key={monitor.id}>
              <Row monitor={monitor} current={monitor.id === open} />
            </li>
          ))}
      </ul>
    </section>
  );
}

const route = getRouteApi('/console/uptime');

function Row({ monitor, current }: { monitor: Monitor; current: boolean }) {
  return (
    <route.Link data-row to="." search={{ monitor: monitor.id }} className="monitor-row" data-current={current}>
      <span className="monitor-name">
        <span className="monitor-title">
          <State {...MONITOR_STATE[monitor.state]} />
          <strong className="truncate">{monitor.name}</strong>
        </span>
        <span className="quiet truncate">{monitor.state === 'up' ? monitor.url : (monitor.reason ?? monitor.url)}</span>
        {monitor.rewrittenTo !== null && (
          <span className="quiet truncate">checked at {new URL(monitor.rewrittenTo).host}</span>
        )}
      </span>
      <MonitorBars id={monitor.id} />
      <span className="monitor-share figures">
        {monitor.uptime90d === null ? UNKNOWN : formatPercent(monitor.uptime90d)}
      </span>
      <Latency monitor={monitor} />
      <CertificateDays days={monitor.certificateDays} />
      <span className="quiet monitor-checked">
        {monitor.lastCheckedAt === null ? 'not yet' : <When at={monitor.lastCheckedAt} />}
      </span>
    </route.Link>
  );
}

function Latency({ monitor: { name, recent } }: { monitor: Monitor }) {
  const last = lastValue(recent);
  const failed = recent.filter((value) => value === null).length;
  const newest = recent.length === 0 ? UNKNOWN : last === null ? 'no answer' : formatMilliseconds(last);
  const summary = `${name}: latest ${newest}, ${failed} of ${plural(recent.length, 'check')} failed`;
  return (
    <span className="monitor-latency figures">
      <Sparkline values={recent} summary={summary} />
      <span>{newest}</span>
    </span>
  );
}
