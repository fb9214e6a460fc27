import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Monitor } from '@yumops/protocol';
import { monitorsQuery } from '../../api/queries.ts';
import { Command } from '../../components/command.tsx';
import { MonitorBars } from '../../components/monitor-bars.tsx';
import { MONITOR_STATE, worstFirst } from '../../components/monitor-state.ts';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { formatPercent, UNKNOWN } from '../../format/number.ts';
import { useLiveInterval } from '../../time/page-time.tsx';

/** How many monitors the overview shows; the rest are on the page of all. */
const SHOWN = 8;

/** Ninety days of each monitor, worst first. */
export function MonitorStrip() {
  const query = useQuery({ ...monitorsQuery, refetchInterval: useLiveInterval() });
  return (
    <Panel title="Uptime, 90 days" actions={<Link to="/uptime">All monitors</Link>} flush>
      <QueryView query={query} what="the monitors">
        {({ items }) =>
          items.length === 0 ? <NoMonitors /> : <Strip monitors={items.toSorted(worstFirst).slice(0, SHOWN)} />
        }
      </QueryView>
    </Panel>
  );
}

function Strip({ monitors }: { monitors: readonly Monitor[] }) {
  return (
    <ul>
      {monitors.map((monitor) => (
        <li key={monitor.id}>
          <Link to="/uptime/$id" params={{ id: monitor.id }} className="strip">
            <State {...MONITOR_STATE[monitor.state]} />
            <span className="strip-name truncate">{monitor.name}</span>
            <span className="strip-bars">
              <MonitorBars id={monitor.id} />
            </span>
            <span className="strip-share figures">
              {monitor.uptime90d === null ? UNKNOWN : formatPercent(monitor.uptime90d)}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function NoMonitors() {
  return (
    <Empty title="No monitors yet">
      The state of every monitor will be here. Write them in <code>monitoring/uptime-monitoring.yml</code>, then check
      the file: <Command line="yumops check" />
    </Empty>
  );
}
