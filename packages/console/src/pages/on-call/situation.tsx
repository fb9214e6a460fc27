import { useQuery } from '@tanstack/react-query';
import type { OnCallSituation, OnCallTarget } from '@yumops/protocol';
import { onCallPeopleQuery } from '../../api/queries.ts';
import { OnCallPerson } from '../../components/on-call-person.tsx';
import { State } from '../../components/state.tsx';
import { ZonedTime } from '../../components/zoned-time.tsx';

/** Each schedule at one instant: who, how they are reached, until when, and who is next. */
export function Situations({ items }: { items: readonly OnCallSituation[] }) {
  const people = useQuery(onCallPeopleQuery).data?.items;
  return (
    <ul>
      {items.map((item) => (
        <li key={item.schedule} className="situation">
          <h3 className="situation-schedule">{item.schedule}</h3>
          <div className="situation-person">
            <OnCallPerson person={item.person} />
            {people !== undefined && item.person !== null && (
              <Ways targets={people.find(({ name }) => name === item.person)?.targets ?? []} />
            )}
          </div>
          <Change item={item} />
        </li>
      ))}
    </ul>
  );
}

/** Until when, and who comes then. */
function Change({ item: { until, next, timeZone } }: { item: OnCallSituation }) {
  if (until === null) return <p className="situation-change quiet">No change within two years.</p>;
  return (
    <p className="situation-change">
      until <ZonedTime at={until} timeZone={timeZone} />
      <br />
      then {next === null ? <State tone="bad" word="nobody" /> : <strong>{next}</strong>}
    </p>
  );
}

const CHANNELS: Record<OnCallTarget['channel'], string> = {
  sms: 'SMS',
  phone_call: 'call',
  email: 'e-mail',
  ntfy: 'push',
};

/** How a person is reached: each address with the channels that go there. */
function Ways({ targets }: { targets: readonly OnCallTarget[] }) {
  if (targets.length === 0) return <State tone="warn" word="No phone number and no e-mail address" />;
  const addresses = [...new Set(targets.map(({ target }) => target))];
  return (
    <ul className="ways">
      {addresses.map((address) => {
        const own = targets.filter(({ target }) => target === address);
        const broken = own.find((each) => each.broken !== null)?.broken;
        return (
          <li key={address}>
            <span className="quiet">{own.map(({ channel }) => CHANNELS[channel]).join(', ')}</span>{' '}
            <span className="figures">{address}</span>
            {broken != null && <State tone="warn" word={broken} />}
          </li>
        );
      })}
    </ul>
  );
}
