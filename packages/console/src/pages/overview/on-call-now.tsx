import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { onCallNowQuery } from '../../api/queries.ts';
import { OnCallPerson } from '../../components/on-call-person.tsx';
import { Panel } from '../../components/panel.tsx';
import { ZonedTime } from '../../components/zoned-time.tsx';
import { useLiveInterval } from '../../time/page-time.tsx';

/** Who is called now and who is next; nothing where no schedules are. */
export function OnCallNow() {
  const items = useQuery({ ...onCallNowQuery, refetchInterval: useLiveInterval() }).data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Panel title="On call, now and next" actions={<Link to="/on-call">All turns</Link>} flush>
      <ul>
        {items.map(({ schedule, person, until, next, timeZone }) => (
          <li key={schedule} className="turn">
            <OnCallPerson person={person} />
            <span className="strip-name truncate">{schedule}</span>
            <span>
              {until === null ? (
                <span className="quiet">no change within two years</span>
              ) : (
                <>
                  then <strong>{next ?? 'nobody'}</strong>, from <ZonedTime at={until} timeZone={timeZone} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
