import { createHash } from 'node:crypto';

/**
 * Who of several checks a monitor: the one with the highest hash together with it (rendezvous hashing). When one comes or
 * goes, only its own share moves.
 * @returns undefined when there is nobody
 */
export function ownerOf(monitorId: string, agents: readonly string[]): string | undefined {
  let owner: string | undefined;
  let best = -1;
  for (const agent of agents) {
    const score = scoreOf(monitorId, agent);
    if (score > best || (score === best && owner !== undefined && agent < owner)) [owner, best] = [agent, score];
  }
  return owner;
}

function scoreOf(monitorId: string, agent: string): number {
  return createHash('sha256').update(`${agent}\n${monitorId}`).digest().readUIntBE(0, 6);
}
