import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { OnCallOverride, OnCallSituation } from '@yumops/protocol';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { onCallPeopleQuery } from '../../api/queries.ts';
import { Form } from '../../components/form.tsx';
import { formatSpan } from '../../format/number.ts';
import { formatInstant, formatZoned } from '../../time/format.ts';
import { parseInstantText } from '../../time/instant-text.ts';
import { useZone, type Zone, zoneName } from '../../time/zone.ts';
import { useCloseForm, useOnCallChange } from './changes.ts';
import { ScheduleField } from './schedule-field.tsx';

const route = getRouteApi('/console/on-call');

interface Input {
  schedule: string;
  person: string;
  from: string;
  to: string;
}

/** Puts somebody on call for a time, over whatever the schedule says. */
export function OverrideForm({ schedules }: { schedules: readonly OnCallSituation[] }) {
  const search = route.useSearch();
  const zone = useZone();
  const close = useCloseForm();
  const people = useQuery(onCallPeopleQuery).data?.items ?? [];
  const [schedule, setSchedule] = useState(search.schedule ?? schedules[0]?.schedule ?? '');
  const [from, setFrom] = useState(() => typed(search.start, zone));
  const [to, setTo] = useState(() => typed(search.end, zone));
  const add = useOnCallChange((input: Input) => post<OnCallOverride>('/api/v1/oncall/overrides', input));
  const now = Date.now();
  const span = { from: parseInstantText(from, now, zone), to: parseInstantText(to, now, zone) };
  const submit = (data: FormData) => {
    const instant = (known: number | null, text: string) => (known === null ? text : new Date(known).toISOString());
    const input = { schedule, person: String(data.get('person') ?? '') };
    add.mutate({ ...input, from: instant(span.from, from), to: instant(span.to, to) }, { onSuccess: close });
  };
  return (
    <Form
      title="Put somebody on call"
      verb="Put on call"
      error={add.error}
      busy={add.isPending}
      submit={submit}
      close={close}
    >
      <label className="field">
        <span className="field-label">Person</span>
        <select className="input" name="person" required>
          {people.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <ScheduleField schedules={schedules} value={schedule} onChange={setSchedule} />
      <div className="change-times">
        <TimeField label={`From, ${zoneName(zone)}`} value={from} onChange={setFrom} />
        <TimeField label={`To, ${zoneName(zone)}`} value={to} onChange={setTo} />
      </div>
      <Reading span={span} timeZone={schedules.find((each) => each.schedule === schedule)?.timeZone ?? 'UTC'} />
    </Form>
  );
}

/** An instant of the address as a person would type it. */
function typed(at: string | undefined, zone: Zone): string {
  const time = at === undefined ? Number.NaN : Math.max(Date.parse(at), Date.now());
  return Number.isNaN(time) ? '' : formatInstant(time, zone).slice(0, 16);
}

function TimeField({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <input
        className="input"
        value={value}
        placeholder="tomorrow 18:00"
        required
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

/** What the typed times mean on the clock of the schedule. */
function Reading({
  span: { from, to },
  timeZone,
}: {
  span: { from: number | null; to: number | null };
  timeZone: string;
}) {
  if (from === null || to === null) {
    return (
      <p className="form-help">
        For example <code>tomorrow 18:00</code>, <code>sat 09:00</code>, <code>2026-12-25 09:00</code>
      </p>
    );
  }
  return (
    <p className="form-help">
      {formatZoned(from, timeZone)} to {formatZoned(to, timeZone)} {timeZone}
      {to > from ? `, ${formatSpan(to - from)}` : ': the end has to come after the beginning'}
    </p>
  );
}
