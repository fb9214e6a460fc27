import { Icon } from './icon.tsx';
import { State } from './state.tsx';
import './on-call-person.css';

/** Who is on call; that nobody is, is a fault. */
export function OnCallPerson({ person }: { person: string | null }) {
  if (person === null) return <State tone="bad" word="Nobody is on call" />;
  return (
    <span className="on-call-person">
      <Icon name="on-call" />
      <span>{person}</span>
    </span>
  );
}
