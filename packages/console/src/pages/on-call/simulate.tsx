import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type FormEvent, useId } from 'react';
import { ApiError } from '../../api/problem.ts';
import { onCallAtQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { State } from '../../components/state.tsx';
import { ZonedTime } from '../../components/zoned-time.tsx';
import { parseInstantText } from '../../time/instant-text.ts';
import { useZone, type Zone, zoneName } from '../../time/zone.ts';
import { Situations } from './situation.tsx';

const route = getRouteApi('/console/on-call');

/** Who would be called at an instant that a person types. */
export function Simulate() {
  const { at } = route.useSearch();
  const navigate = route.useNavigate();
  const zone = useZone();
  const help = useId();
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('at') ?? '').trim();
    const known = parseInstantText(text, Date.now(), zone);
    void navigate({ search: (old) => ({ ...old, at: known === null ? text : new Date(known).toISOString() }) });
  };
  return (
    <Panel title="Simulate an instant">
      <form className="simulate" onSubmit={ask}>
        <label className="field">
          <span className="field-label">Who would be called at</span>
          <input className="input" name="at" placeholder="sat 03:00" aria-describedby={help} required />
        </label>
        <Button type="submit" look="primary">
          Ask
        </Button>
        <p id={help} className="form-help">
          In {zoneName(zone)}, for example <code>tomorrow 03:00</code>, <code>in 3h</code>,{' '}
          <code>2026-12-25 09:00</code>, or with its zone: <code>2026-12-25 09:00 Europe/London</code>
        </p>
      </form>
      {at !== undefined && <Answer at={at} zone={zone} />}
    </Panel>
  );
}

function Answer({ at, zone }: { at: string; zone: Zone }) {
  const query = useQuery(onCallAtQuery(at));
  if (query.error instanceof ApiError && query.error.code === 'invalid_request') {
    return (
      <p className="simulate-refused" role="status">
        <State tone="bad" word={`“${at}” is not a time`} />
      </p>
    );
  }
  return (
    <div className="simulate-answer" role="status">
      <QueryView query={query} what="who is on call then" rows={2}>
        {(answer) => (
          <>
            <p className="simulate-instant">
              At <ZonedTime at={answer.at} timeZone={zoneName(zone)} />
            </p>
            <Situations items={answer.items} />
          </>
        )}
      </QueryView>
    </div>
  );
}
