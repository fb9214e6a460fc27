import type { MonitorDetail } from '@yumops/protocol';
import { MONITOR_STATE } from '../../components/monitor-state.ts';
import { Panel } from '../../components/panel.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatMilliseconds } from '../../format/number.ts';

/** What each place sees, and how many must agree. */
export function Locations({ monitor: { locations, quorum } }: { monitor: MonitorDetail }) {
  return (
    <Panel title="Places" note={`${quorum} of ${locations.length} must see it down`} flush>
      <table>
        <thead>
          <tr>
            <th scope="col">Place</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Took
            </th>
            <th scope="col">Checked</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {locations.map(({ location, state, durationMs, lastCheckedAt, reason }) => (
            <tr key={location}>
              <th scope="row">{location}</th>
              <td>
                <State {...MONITOR_STATE[state]} />
              </td>
              <td className="number">{durationMs === null ? 'no answer' : formatMilliseconds(durationMs)}</td>
              <td className="outage-time">{lastCheckedAt === null ? 'not yet' : <When at={lastCheckedAt} />}</td>
              <td className="outage-reason">{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
