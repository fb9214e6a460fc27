import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { slaBetweenQuery } from '../../api/queries.ts';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import type { Span } from '../../time/range.ts';
import { AvailabilityCells, AvailabilityHead } from './availability-table.tsx';

/** How available monitors were in a stretch of time, worst first. @param only id of a monitor; left out = all */
export function AvailabilityBetween({ span, only }: { span: Span; only?: string }) {
  const query = useQuery(slaBetweenQuery(span));
  return (
    <Panel title="Availability then" note="to the hour, planned work left out" flush>
      <QueryView query={query} what="the availability" rows={4}>
        {({ items }) => (
          <ScrollRegion label="Each monitor">
            <table>
              <AvailabilityHead first="Monitor" />
              <tbody>
                {items
                  .filter(({ monitor }) => only === undefined || monitor === only)
                  .toSorted((a, b) => (a.uptime ?? 101) - (b.uptime ?? 101))
                  .map((one) => (
                    <tr key={one.monitor}>
                      <th scope="row" className="period">
                        <Link to="/uptime/$id" params={{ id: one.monitor }} search={searchOf(span)}>
                          {one.name}
                        </Link>
                      </th>
                      <AvailabilityCells figure={one} />
                    </tr>
                  ))}
              </tbody>
            </table>
          </ScrollRegion>
        )}
      </QueryView>
    </Panel>
  );
}

const searchOf = ({ from, to }: Span) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
