import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { OnCallCalendar, OnCallSituation } from '@yumops/protocol';
import type { ReactNode } from 'react';
import { onCallCalendarQuery } from '../../api/queries.ts';
import { Choice } from '../../components/choice.tsx';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { formatSpan, plural } from '../../format/number.ts';
import { formatDay, formatInstant } from '../../time/format.ts';
import { useNow } from '../../time/now.ts';
import { useZone, type Zone, zoneName } from '../../time/zone.ts';
import { CalendarBars } from './calendar-bars.tsx';
import { CalendarList } from './calendar-list.tsx';
import { uncovered } from './calendar-rows.ts';
import { type CalendarSpan, neighbour } from './calendar-span.ts';

const route = getRouteApi('/console/on-call');

/** Every schedule over a week or a month, as bars or as a list. */
export function Calendar({ span, schedules }: { span: CalendarSpan; schedules: readonly OnCallSituation[] }) {
  const { view } = route.useSearch();
  const query = useQuery({ ...onCallCalendarQuery(span.from, span.to), placeholderData: (old) => old });
  const Body = view === 'list' ? CalendarList : CalendarBars;
  return (
    <Panel title="Calendar" note={<SpanName span={span} />} actions={<Controls span={span} />} flush>
      <QueryView query={query} what="the calendar" rows={6}>
        {(calendar) => (
          <ul>
            {schedules.map((schedule) => (
              <li key={schedule.schedule} className="schedule">
                <ScheduleHead schedule={schedule}>
                  <Coverage calendar={calendar} schedule={schedule.schedule} />
                </ScheduleHead>
                <Body calendar={calendar} span={span} schedule={schedule} />
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}

function ScheduleHead({ schedule, children }: { schedule: OnCallSituation; children: ReactNode }) {
  return (
    <header className="schedule-head">
      <h3>{schedule.schedule}</h3>
      <span className="quiet">{schedule.timeZone}</span>
      {children}
    </header>
  );
}

/** Whether somebody is on call at every instant, in words. */
function Coverage({ calendar, schedule }: { calendar: OnCallCalendar; schedule: string }) {
  const { count, length } = uncovered(calendar.gaps, schedule);
  if (count === 0) return <State tone="ok" word="No gaps" />;
  return <State tone="bad" word={`Nobody for ${formatSpan(length)}, in ${plural(count, 'gap')}`} />;
}

function SpanName({ span }: { span: CalendarSpan }) {
  const zone = useZone();
  const last = span.days.at(-1) ?? span.from;
  const year = formatInstant(span.from, zone).slice(0, 4);
  return (
    <>
      {formatDay(span.from, zone)} – {formatDay(last, zone)} {year}, {zoneName(zone)}
    </>
  );
}

const day = (time: number, zone: Zone) => formatInstant(time, zone).slice(0, 10);

function Controls({ span }: { span: CalendarSpan }) {
  const { view } = route.useSearch();
  const navigate = route.useNavigate();
  const zone = useZone();
  const today = useNow();
  const step = (direction: -1 | 1) => (
    <route.Link
      to="."
      search={(old) => ({ ...old, day: day(neighbour(span, direction, zone), zone) })}
      className="icon-button"
      aria-label={`${direction === 1 ? 'Next' : 'Previous'} ${span.kind}`}
      title={`${direction === 1 ? 'Next' : 'Previous'} ${span.kind}`}
    >
      <Icon name={direction === 1 ? 'chevron-right' : 'chevron-left'} />
    </route.Link>
  );
  return (
    <div className="calendar-controls">
      {step(-1)}
      <route.Link
        to="."
        search={(old) => ({ ...old, day: undefined })}
        className="button"
        data-current={today >= span.from && today < span.to}
      >
        Today
      </route.Link>
      {step(1)}
      <Choice
        label="Length"
        bare
        value={span.kind}
        options={[
          { value: 'week', label: 'Week' },
          { value: 'month', label: 'Month' },
        ]}
        onChange={(kind) => void navigate({ search: (old) => ({ ...old, span: kind === 'week' ? undefined : kind }) })}
      />
      <Choice
        label="Shown as"
        bare
        value={view === 'list' ? 'list' : 'bars'}
        options={[
          { value: 'bars', label: 'Bars' },
          { value: 'list', label: 'List' },
        ]}
        onChange={(as) => void navigate({ search: (old) => ({ ...old, view: as === 'bars' ? undefined : as }) })}
      />
    </div>
  );
}
