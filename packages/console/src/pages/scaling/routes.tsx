import type { ScalingReport } from '@yumops/protocol';
import { Command } from '../../components/command.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { formatMilliseconds, formatQuantity } from '../../format/number.ts';

const SHOWN = 12;

/** The busiest routes of the last seven days, with the durations that limits are judged by. */
export function Routes({ routes: { items, query } }: { routes: ScalingReport['routes'] }) {
  if (items.length === 0) {
    return (
      <Panel title="Routes">
        <Empty title="No requests in seven days">Request logs of the SDK or of a log drain fill this.</Empty>
      </Panel>
    );
  }
  return (
    <Panel title="Routes" note={`the busiest ${Math.min(SHOWN, items.length)} of ${items.length}, seven days`} flush>
      <ScrollRegion label="Table of routes">
        <table className="figure-table">
          <thead>
            <tr>
              <th scope="col">Route</th>
              {['Requests', 'Per second', 'p50', 'p99', 'Slowest'].map((heading) => (
                <th scope="col" className="number" key={heading}>
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.slice(0, SHOWN).map(({ endpoint, requests, perSecond, p50, p99, slowest }) => (
              <tr key={endpoint}>
                <th scope="row">{endpoint}</th>
                <td className="number figures">{requests.toLocaleString('en')}</td>
                <td className="number figures">{formatQuantity(perSecond, '/s')}</td>
                <td className="number figures">{formatMilliseconds(p50)}</td>
                <td className="number figures">{formatMilliseconds(p99)}</td>
                <td className="number figures">{formatMilliseconds(slowest)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <div className="scaling-query">
        <Command line={query} what="query" />
      </div>
    </Panel>
  );
}
