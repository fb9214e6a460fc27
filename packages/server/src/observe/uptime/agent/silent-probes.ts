import { formatDuration } from '../../../lib/duration.ts';
import type { StoredAgent } from './agent-store.ts';

/** A probe agent, or a place, that should be heard and is not. */
export interface ProbeProblem {
  /** Stable over the time that it lasts. */
  id: string;
  /** Name of the agent, or of the place. */
  name: string;
  location: string;
  message: string;
}

/**
 * Who should be heard and is not. An agent that said goodbye, or whose name another took, is not missed; but a place
 * that monitors name must have somebody.
 * @param wanted monitors by place, without the platform's own
 * @param now milliseconds since the epoch
 */
export function silentProbes(
  agents: readonly StoredAgent[],
  wanted: ReadonlyMap<string, number>,
  now: number,
): ProbeProblem[] {
  const isLive = ({ leaseUntil }: StoredAgent) => leaseUntil > now;
  const missed = agents.filter((agent) => !isLive(agent) && agent.leftAt === null);
  const silent = missed.map((agent): ProbeProblem => {
    const { id, name, location, lastSeenAt } = agent;
    const others = agents.filter((other) => other.location === location && isLive(other)).length;
    const share = others > 0 ? `Others in ${location} have its share.` : `Nothing is checked from ${location}.`;
    const message = `The probe agent ${name} in ${location} was last heard ${instant(lastSeenAt)}, ${ago(now - lastSeenAt)}. ${share}`;
    return { id: `probe:${id}`, name, location, message };
  });
  const empty = [...wanted].flatMap(([location, monitors]): ProbeProblem[] => {
    const isHeard = agents.some((agent) => agent.location === location && isLive(agent));
    if (isHeard || missed.some((agent) => agent.location === location)) return [];
    const count = monitors === 1 ? 'One monitor is' : `${monitors} monitors are`;
    const message = `${count} to be checked from ${location}, and no probe agent is there.`;
    return [{ id: `place:${location}`, name: location, location, message }];
  });
  return [...silent, ...empty];
}

function ago(ms: number): string {
  return `${formatDuration(Math.round(ms / 1_000) * 1_000)} ago`;
}

function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
