import { createHash } from 'node:crypto';
import type { ProbeAgent } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { Db } from '../../../lib/db.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import type { MonitorConfig } from '../config.ts';
import { locationsOf } from '../location/location-state.ts';
import type { Uptime } from '../uptime.ts';
import { dropAgents, loadAgents, type StoredAgent, storeAgent, toProbeAgent } from './agent-store.ts';
import { ownerOf } from './rendezvous.ts';
import { type Assignment, packMonitor, type SyncAnswer, type SyncRequest } from './wire.ts';

export interface ProbeDeskOptions {
  db: Db;
  clock: Clock;
  log: Log;
  uptime: Pick<Uptime, 'monitors' | 'report' | 'settings'>;
  /** How long an agent keeps its share without being heard, default 30 s. */
  leaseMs?: number;
}

/** Where agents in other places report and get their work. */
export interface ProbeDesk {
  /**
   * Takes an agent's results, renews its lease and gives it its share of the monitors of its place.
   * @throws {YumOpsError} `location_taken` for the place of the platform itself
   */
  sync(location: string, request: SyncRequest): Promise<SyncAnswer>;
  list(): Promise<ProbeAgent[]>;
}

const LEASE_MS = 30_000;

/** An agent that was silent so long is forgotten. */
const FORGET_MS = 7 * 86_400_000;

/** Makes the desk. Agents that were live before a restart are so until their leases end. */
export function createProbeDesk(options: ProbeDeskOptions): ProbeDesk {
  return new Desk(options);
}

/** What an agent checks, as of one set of monitors and agents. */
interface Share {
  key: string;
  revision: string;
  assignment: Assignment;
}

class Desk implements ProbeDesk {
  readonly #options: ProbeDeskOptions;
  readonly #leaseMs: number;
  #agents: Promise<Map<string, StoredAgent>> | undefined;
  /** Newest results that were taken, stored or not, by agent. */
  readonly #taken = new Map<string, number>();
  readonly #shares = new Map<string, Share>();

  constructor(options: ProbeDeskOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
  }

  async sync(location: string, request: SyncRequest): Promise<SyncAnswer> {
    const { clock, uptime } = this.#options;
    if (location === uptime.settings().location) {
      throw new YumOpsError('location_taken', `${location} is the place of the platform itself.`, {
        hint: 'Give the agent another location, or the platform another name with `uptime: {location: …}`.',
        status: 409,
      });
    }
    const agents = await this.#known();
    const acknowledged = await this.#take(location, request, agents.get(request.agent.id)?.lastSequence ?? 0);
    const now = clock.now();
    const agent: StoredAgent = {
      ...request.agent,
      location,
      lastSeenAt: now,
      leaseUntil: request.leaving ? now : now + this.#leaseMs,
      lastSequence: acknowledged,
      waiting: request.waiting,
      dropped: request.dropped,
    };
    if (!agents.has(agent.id)) endEarlierLives(agents, agent, now);
    agents.set(agent.id, agent);
    await storeAgent(this.#options.db, agent);
    const { revision, assignment } = this.#assign(agent, agents, now);
    const unchanged = revision === request.revision;
    const leaseMs = this.#leaseMs;
    return { now, leaseMs, location, acknowledged, revision, assignment: unchanged ? null : assignment };
  }

  async list(): Promise<ProbeAgent[]> {
    const agents = await this.#known();
    const now = this.#options.clock.now();
    return [...agents.values()].map((agent) => toProbeAgent(agent, this.#shareOf(agent, agents, now).length, now));
  }

  /**
   * Hands on the results that are new. What was taken before a store went away is not taken again.
   * @returns up to which result all is stored
   */
  async #take(location: string, request: SyncRequest, stored: number): Promise<number> {
    const { uptime, log } = this.#options;
    const { id } = request.agent;
    const taken = Math.max(stored, this.#taken.get(id) ?? 0);
    const fresh = request.results.filter(({ sequence }) => sequence > taken);
    const newest = fresh.at(-1)?.sequence ?? taken;
    this.#taken.set(id, newest);
    if (newest === stored) return stored;
    try {
      await uptime.report(fresh.map(({ sequence: _sequence, ...one }) => ({ ...one, location, agent: id })));
      return newest;
    } catch (error) {
      log.warn('Results of a probe could not be stored yet', { agent: id, location, reason: messageOf(error) });
      return stored;
    }
  }

  /** Made anew only when monitors or agents change, for an agent asks every second. */
  #assign(agent: StoredAgent, agents: ReadonlyMap<string, StoredAgent>, now: number): Share {
    const { targets, referenceTargets, generation } = this.#options.uptime.settings();
    const key = `${generation} ${liveAt(agent.location, agents, now).join(' ')}`;
    const known = this.#shares.get(agent.id);
    if (known?.key === key) return known;
    const monitors = agent.leaseUntil > now ? this.#shareOf(agent, agents, now).map(packMonitor) : [];
    const assignment = { monitors, targets, referenceTargets };
    const revision = createHash('sha256').update(JSON.stringify(assignment)).digest('hex').slice(0, 16);
    const share = { key, revision, assignment };
    this.#shares.set(agent.id, share);
    return share;
  }

  #shareOf(agent: StoredAgent, agents: ReadonlyMap<string, StoredAgent>, now: number): MonitorConfig[] {
    const { uptime } = this.#options;
    const { location: own } = uptime.settings();
    const live = liveAt(agent.location, agents, now);
    return uptime
      .monitors()
      .filter(
        (monitor) =>
          !monitor.paused &&
          monitor.broken === null &&
          locationsOf(monitor, own).includes(agent.location) &&
          ownerOf(monitor.id, live) === agent.id,
      );
  }

  #known(): Promise<Map<string, StoredAgent>> {
    this.#agents ??= this.#load().catch((error: unknown) => {
      this.#agents = undefined;
      throw error;
    });
    return this.#agents;
  }

  async #load(): Promise<Map<string, StoredAgent>> {
    const { db, clock } = this.#options;
    await dropAgents(db, clock.now() - FORGET_MS);
    return new Map((await loadAgents(db)).map((agent) => [agent.id, agent]));
  }
}

/** Ids of the agents of a place whose leases run. */
function liveAt(place: string, agents: ReadonlyMap<string, StoredAgent>, now: number): string[] {
  return [...agents.values()]
    .filter(({ location, leaseUntil }) => location === place && leaseUntil > now)
    .map(({ id }) => id)
    .sort();
}

/** An agent that was killed and started again need not wait for its own lease; the other of two namesakes renews its own. */
function endEarlierLives(agents: Map<string, StoredAgent>, { name, location }: StoredAgent, now: number): void {
  for (const [id, earlier] of agents) {
    if (earlier.name !== name || earlier.location !== location || earlier.leaseUntil <= now) continue;
    agents.set(id, { ...earlier, leaseUntil: now });
  }
}
