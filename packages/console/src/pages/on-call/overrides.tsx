import { useQuery } from '@tanstack/react-query';
import type { OnCallOverride, OnCallSituation } from '@yumops/protocol';
import { useState } from 'react';
import { remove } from '../../api/client.ts';
import { onCallCalendarQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Form } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ZonedSpan } from '../../components/zoned-time.tsx';
import type { CalendarSpan } from './calendar-span.ts';
import { useOnCallChange } from './changes.ts';
import { useMayChange } from './rights.ts';

export interface OverridesProps {
  span: CalendarSpan;
  schedules: readonly OnCallSituation[];
}

/** Who stands in for whom in the time that the calendar shows. */
export function Overrides({ span, schedules }: OverridesProps) {
  const query = useQuery({ ...onCallCalendarQuery(span.from, span.to), placeholderData: (old) => old });
  return (
    <Panel title="Overrides and swaps" note={`in this ${span.kind}`} flush>
      <QueryView query={query} what="the overrides" rows={2}>
        {({ overrides }) =>
          overrides.length === 0 ? (
            <Empty title="Nobody stands in">Press a turn in the calendar to put somebody else on call for it.</Empty>
          ) : (
            <ul>
              {overrides.map((override) => (
                <Override
                  key={override.id ?? `${override.schedule} ${override.person} ${override.start}`}
                  override={override}
                  timeZone={schedules.find(({ schedule }) => schedule === override.schedule)?.timeZone ?? 'UTC'}
                />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function Override({ override, timeZone }: { override: OnCallOverride; timeZone: string }) {
  const [asking, setAsking] = useState(false);
  const mayChange = useMayChange();
  const { id, person, schedule, start, end, swap, createdBy } = override;
  return (
    <li className="override">
      <Icon name="swap" />
      <div>
        <p>
          <strong>{person}</strong> {swap === null ? 'stands in' : 'swapped'} in {schedule}
        </p>
        <p className="quiet">
          <ZonedSpan start={start} end={end} timeZone={timeZone} />
        </p>
        <p className="quiet">{createdBy === null ? 'written in the configuration' : `made by ${createdBy}`}</p>
      </div>
      {id !== null && mayChange && (
        <Button icon="remove" aria-label={`Remove: ${person} in ${schedule}`} onClick={() => setAsking(true)}>
          Remove
        </Button>
      )}
      {asking && <RemoveOverride override={override} close={() => setAsking(false)} />}
    </li>
  );
}

function RemoveOverride({ override, close }: { override: OnCallOverride; close(): void }) {
  const take = useOnCallChange(() => remove(`/api/v1/oncall/overrides/${override.id}`));
  return (
    <Form
      title={override.swap === null ? 'Remove the override' : 'Undo the swap'}
      verb="Remove"
      error={take.error}
      busy={take.isPending}
      submit={() => take.mutate(undefined, { onSuccess: close })}
      close={close}
    >
      <p>
        {override.person} no longer stands in; whoever the schedule names is on call for that time again.
        {override.swap !== null && ' Both halves of the swap go.'}
      </p>
    </Form>
  );
}
