import { getRouteApi } from '@tanstack/react-router';
import type { OnCallCalendar, OnCallSituation } from '@yumops/protocol';
import { Icon } from '../../components/icon.tsx';
import { formatZoned } from '../../time/format.ts';
import { useNow } from '../../time/now.ts';
import { useZone, zoneName } from '../../time/zone.ts';
import { type CalendarBar, rowsOf } from './calendar-rows.ts';
import { type CalendarSpan, place } from './calendar-span.ts';
import { useMayChange } from './rights.ts';

const route = getRouteApi('/console/on-call');

export interface CalendarBodyProps {
  calendar: OnCallCalendar;
  span: CalendarSpan;
  schedule: OnCallSituation;
}

/** Beyond this share of a month a name would stand over the edge. */
const LAST_NAME = 0.9;

const share = (part: number) => `${(part * 100).toFixed(3)}%`;

/** A schedule as bars: who is on call in the end above what that is made of. */
export function CalendarBars({ calendar, span, schedule }: CalendarBodyProps) {
  const now = useNow();
  const people = [...new Set([...calendar.layers, ...calendar.overrides].map(({ person }) => person))].sort();
  const at = (now - span.from) / (span.to - span.from);
  return (
    <div className="bars" data-span={span.kind}>
      <Axis span={span} />
      {rowsOf(calendar, schedule.schedule).map((row, index) => (
        <div key={row.name} className={index === 0 ? 'bars-row bars-final' : 'bars-row'}>
          <h4 className="bars-name">{row.name}</h4>
          <ol className="bars-track">
            {row.bars.map((bar) => (
              <Bar
                key={`${bar.start} ${bar.end}`}
                bar={bar}
                span={span}
                timeZone={schedule.timeZone}
                colour={bar.kind === 'gap' ? 0 : (people.indexOf(bar.person) % 6) + 1}
                open={index === 0 && Date.parse(bar.end) > now}
              />
            ))}
          </ol>
        </div>
      ))}
      {at > 0 && at < 1 && (
        <div className="bars-now" aria-hidden="true">
          <span style={{ left: share(at) }} />
        </div>
      )}
    </div>
  );
}

/** The days; in a month only the Mondays are named. */
function Axis({ span }: { span: CalendarSpan }) {
  const zone = zoneName(useZone());
  return (
    <div className="bars-axis" aria-hidden="true">
      {span.days.map((time) => {
        const [weekday, ...date] = formatZoned(time, zone).split(' ');
        const at = (time - span.from) / (span.to - span.from);
        const named = span.kind === 'week' || (weekday === 'Mon' && at < LAST_NAME);
        return (
          <span key={time} style={{ left: share(at) }} data-named={named}>
            {named &&
              `${span.kind === 'week' ? `${weekday} ` : ''}${date.slice(0, span.kind === 'week' ? 1 : 2).join(' ')}`}
          </span>
        );
      })}
    </div>
  );
}

interface BarProps {
  bar: CalendarBar;
  span: CalendarSpan;
  timeZone: string;
  /** Which of the six colours of categories; 0 = none. */
  colour: number;
  /** Whether a click asks who should be on call instead. */
  open: boolean;
}

function Bar({ bar, span, timeZone, colour, open }: BarProps) {
  const mayChange = useMayChange();
  const at = place(span, bar);
  if (at === null) return null;
  const who = bar.kind === 'gap' ? 'Nobody' : bar.person;
  const time = (text: string) => formatZoned(Date.parse(text), timeZone);
  const what = bar.kind === 'stand-in' ? `${who} stands in` : who;
  const text = `${what}, ${time(bar.start)} to ${time(bar.end)} ${timeZone}`;
  const inside = (
    <>
      {bar.kind === 'gap' && <Icon name="bad" />}
      {bar.kind === 'stand-in' && <Icon name="swap" />}
      <span className="truncate" aria-hidden="true">
        {who}
      </span>
      <span className="visually-hidden">{text}</span>
    </>
  );
  const look = { className: `bar bar-${bar.kind} bar-colour-${colour}`, title: text };
  return (
    <li className="bar-place" style={{ left: share(at.left), width: share(at.width) }}>
      {open && mayChange ? (
        <route.Link
          to="."
          search={(old) => ({ ...old, do: 'override', schedule: bar.schedule, start: bar.start, end: bar.end })}
          preload={false}
          {...look}
        >
          {inside}
        </route.Link>
      ) : (
        <span {...look}>{inside}</span>
      )}
    </li>
  );
}
