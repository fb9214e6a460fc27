import { State } from './state.tsx';

/** Who is on call; that nobody is, is a fault. */
export function OnCallPerson({ person }: { person: string | null }) {
  if (person === null) return <State tone="bad" word="Nobody is on call" />;
  return <State tone="info" icon="on-call" word={person} />;
}
