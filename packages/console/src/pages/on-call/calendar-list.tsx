import { OnCallPerson } from '../../components/on-call-person.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { State } from '../../components/state.tsx';
import { ZonedSpan } from '../../components/zoned-time.tsx';
import { formatSpan } from '../../format/number.ts';
import type { CalendarBodyProps } from './calendar-bars.tsx';
import { whoInTheEnd } from './calendar-rows.ts';

/** A schedule as a table: who is on call from when to when. */
export function CalendarList({ calendar, schedule: { schedule, timeZone } }: CalendarBodyProps) {
  return (
    <ScrollRegion className="turns" label={`Turns of ${schedule}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">On call</th>
            <th scope="col">When</th>
            <th scope="col" className="number">
              For
            </th>
          </tr>
        </thead>
        <tbody>
          {whoInTheEnd(calendar, schedule).map((turn) => (
            <tr key={turn.start}>
              <td className="turns-who">
                <OnCallPerson person={turn.kind === 'gap' ? null : turn.person} />
                {turn.kind === 'stand-in' && <State tone="none" icon="swap" word="stands in" />}
              </td>
              <td>
                <ZonedSpan start={turn.start} end={turn.end} timeZone={timeZone} />
              </td>
              <td className="number">{formatSpan(Date.parse(turn.end) - Date.parse(turn.start))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
