import type { NamedCheckState } from '@yumops/protocol';
import { MONITOR_STATE } from '../../components/monitor-state.ts';
import { Panel } from '../../components/panel.tsx';
import { State } from '../../components/state.tsx';
import { When } from '../../components/when.tsx';
import { formatMilliseconds, UNKNOWN } from '../../format/number.ts';

/** What a health report says of each of its checks. */
export function NamedChecks({ checks }: { checks: readonly NamedCheckState[] }) {
  return (
    <Panel title="Checks of the report" note={String(checks.length)} flush>
      <table>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Took
            </th>
            <th scope="col">Reason</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {checks.map(({ name, state, since, reason, durationMs }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <State {...MONITOR_STATE[state]} />
              </td>
              <td className="number">{durationMs === null ? UNKNOWN : formatMilliseconds(durationMs)}</td>
              <td>{reason}</td>
              <td>
                <When at={since} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
