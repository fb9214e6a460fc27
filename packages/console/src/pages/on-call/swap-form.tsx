import { useQuery } from '@tanstack/react-query';
import type { OnCallOverride, OnCallShift, OnCallSituation, Page } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { onCallCalendarQuery } from '../../api/queries.ts';
import { Form } from '../../components/form.tsx';
import { formatZoned } from '../../time/format.ts';
import { useCloseForm, useOnCallChange } from './changes.ts';
import { ScheduleField } from './schedule-field.tsx';

/** How far ahead turns are offered for a swap, milliseconds. */
const AHEAD = 8 * 7 * 86_400_000;

interface Input {
  schedule: string;
  first: { from: string; to: string };
  second: { from: string; to: string };
}

/** Lets the people of two turns change places. */
export function SwapForm({ schedules }: { schedules: readonly OnCallSituation[] }) {
  const close = useCloseForm();
  const [now] = useState(() => Date.now());
  const [schedule, setSchedule] = useState(schedules[0]?.schedule ?? '');
  const [chosen, setChosen] = useState<{ first: string; second: string }>({ first: '', second: '' });
  const shifts = useQuery(onCallCalendarQuery(now, now + AHEAD)).data?.shifts ?? [];
  const own = shifts.filter((shift) => shift.schedule === schedule);
  const first = own.find(({ start }) => start === chosen.first) ?? own[0];
  const others = own.filter(({ person }) => person !== first?.person);
  const second = others.find(({ start }) => start === chosen.second) ?? others[0];
  const swap = useOnCallChange((input: Input) => post<Page<OnCallOverride>>('/api/v1/oncall/swaps', input));
  const timeZone = schedules.find((each) => each.schedule === schedule)?.timeZone ?? 'UTC';
  const submit = () => {
    if (first === undefined || second === undefined) return;
    const time = ({ start, end }: OnCallShift) => ({ from: start, to: end });
    swap.mutate({ schedule, first: time(first), second: time(second) }, { onSuccess: close });
  };
  return (
    <Form
      title="Swap two turns"
      verb="Swap"
      error={swap.error}
      busy={swap.isPending}
      ready={second !== undefined}
      submit={submit}
      close={close}
    >
      <ScheduleField schedules={schedules} value={schedule} onChange={setSchedule} />
      <TurnField
        label="This turn"
        turns={own}
        chosen={first}
        timeZone={timeZone}
        onChange={(start) => setChosen({ ...chosen, first: start })}
      />
      <TurnField
        label="For this one"
        turns={others}
        chosen={second}
        timeZone={timeZone}
        onChange={(start) => setChosen({ ...chosen, second: start })}
      />
      <p className="form-help">
        {first !== undefined && second !== undefined
          ? `${second.person} takes the first, ${first.person} the second. Times in ${timeZone}.`
          : 'A swap needs turns of two people within the next eight weeks.'}
      </p>
    </Form>
  );
}

interface TurnFieldProps {
  label: string;
  turns: readonly OnCallShift[];
  chosen: OnCallShift | undefined;
  timeZone: string;
  onChange(start: string): void;
}

function TurnField({ label, turns, chosen, timeZone, onChange }: TurnFieldProps) {
  const time = (text: string) => formatZoned(Date.parse(text), timeZone);
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select className="input" value={chosen?.start ?? ''} onChange={(event) => onChange(event.target.value)}>
        {turns.map(({ person, start, end }) => (
          <option key={start} value={start}>
            {person}, {time(start)} to {time(end)}
          </option>
        ))}
      </select>
    </label>
  );
}
