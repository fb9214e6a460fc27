import { createHash } from 'node:crypto';
import type { ProbeAgent } from '@yumops/protocol';
import type { Clock } from '../../../lib/clock.ts';
import type { Db, Queryable } from '../../../lib/db.ts';
import { messageOf, YumOpsError } from '../../../lib/errors.ts';
import type { Log } from '../../../lib/log.ts';
import { Loop } from '../../../lib/loop.ts';
import type { MonitorConfig } from '../config.ts';
import { locationsOf } from '../location/location-state.ts';
import { ownerOf } from '../share/rendezvous.ts';
import type { Uptime } from '../uptime.ts';
import {
  dropAgent,
  dropAgents,
  endEarlierLives,
  loadAgents,
  type StoredAgent,
  storeAgent,
  toProbeAgent,
} from './agent-store.ts';
import { type ProbeProblem, silentProbes } from './silent-probes.ts';
import { type Assignment, packMonitor, type SyncAnswer, type SyncRequest } from './wire.ts';

/** Writes an audit row in the transaction of the change. Implemented by access. */
type Audit = (tx: Queryable, entry: { at: number; actor: string; action: string; target: string }) => Promise<void>;

export interface ProbeDeskOptions {
  db: Db;
  clock: Clock;
  log: Log;
  audit: Audit;
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
  /** Forgets an agent that will not come back. @throws {YumOpsError} `probe_not_found` */
  forget(id: string, actor: string): Promise<void>;
  /** Whether a monitor is checked from a place. */
  covers(location: string, monitorId: string): boolean;
  /** Agents and places that are silent, as of a few seconds ago. */
  problems(): readonly ProbeProblem[];
  /** Looks for silent agents from now on. */
  start(): void;
  stop(): Promise<void>;
}

const LEASE_MS = 30_000;

/** An agent that was silent so long is forgotten. */
const FORGET_MS = 7 * 86_400_000;

/** How often silent agents are looked for, milliseconds. */
const LOOK_MS = 5_000;

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

type Agents = ReadonlyMap<string, StoredAgent>;

class Desk implements ProbeDesk {
  readonly #options: ProbeDeskOptions;
  readonly #leaseMs: number;
  readonly #startedAt: number;
  readonly #look: Loop;
  /** Newest results that were taken, stored or not, by agent. */
  readonly #taken = new Map<string, number>();
  readonly #shares = new Map<string, Share>();
  #problems: readonly ProbeProblem[] = [];

  constructor(options: ProbeDeskOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#startedAt = clock.now();
    this.#look = new Loop(
      clock,
      () => this.#lookForSilence(),
      (error) => {
        log.warn('The probe agents could not be looked at', { reason: messageOf(error) });
        return LOOK_MS;
      },
    );
  }

  async sync(location: string, request: SyncRequest): Promise<SyncAnswer> {
    const { db, clock, uptime } = this.#options;
    if (location === uptime.settings().location) {
      throw new YumOpsError('location_taken', `${location} is the place of the platform itself.`, {
        hint: 'Give the agent another location, or the platform another name with `uptime: {location: …}`.',
        status: 409,
      });
    }
    const before = await this.#known();
    const acknowledged = await this.#take(location, request, before.get(request.agent.id)?.lastSequence ?? 0);
    const now = clock.now();
    const agent: StoredAgent = {
      ...request.agent,
      location,
      lastSeenAt: now,
      leaseUntil: request.leaving ? now : now + this.#leaseMs,
      lastSequence: acknowledged,
      waiting: request.waiting,
      dropped: request.dropped,
      leftAt: request.leaving ? now : null,
      trouble: request.trouble ?? null,
    };
    if (!before.has(agent.id)) await endEarlierLives(db, agent);
    await storeAgent(db, agent);
    const agents = before.has(agent.id) ? new Map(before).set(agent.id, agent) : await this.#known();
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

  async forget(id: string, actor: string): Promise<void> {
    const { db, clock, audit } = this.#options;
    await db.transaction(async (tx) => {
      if (!(await dropAgent(tx, id))) {
        throw new YumOpsError('probe_not_found', `There is no probe agent "${id}".`, {
          hint: '`yumops probe list` shows their ids.',
          status: 404,
        });
      }
      await audit(tx, { at: clock.now(), actor, action: 'probe.forget', target: id });
    });
    await this.#lookForSilence();
  }

  covers(location: string, monitorId: string): boolean {
    const { uptime } = this.#options;
    const monitor = uptime.monitors().find(({ id }) => id === monitorId);
    return monitor !== undefined && locationsOf(monitor, uptime.settings().location).includes(location);
  }

  problems(): readonly ProbeProblem[] {
    return this.#problems;
  }

  start(): void {
    this.#look.start();
  }

  stop(): Promise<void> {
    return this.#look.stop();
  }

  async #lookForSilence(): Promise<number> {
    const { clock, uptime } = this.#options;
    const { location: own } = uptime.settings();
    const wanted = new Map<string, number>();
    for (const monitor of uptime.monitors()) {
      if (monitor.paused || monitor.broken !== null) continue;
      for (const place of locationsOf(monitor, own)) wanted.set(place, (wanted.get(place) ?? 0) + 1);
    }
    wanted.delete(own);
    const agents = [...(await this.#known()).values()];
    const now = clock.now();
    // Just after a start the agents had no time to be heard.
    this.#problems = now - this.#startedAt < this.#leaseMs ? [] : silentProbes(agents, wanted, now);
    return LOOK_MS;
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
  #assign(agent: StoredAgent, agents: Agents, now: number): Share {
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

  #shareOf(agent: StoredAgent, agents: Agents, now: number): MonitorConfig[] {
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

  /** As stored: agents may speak to several instances of the platform. */
  async #known(): Promise<Map<string, StoredAgent>> {
    const { db, clock } = this.#options;
    const agents = await loadAgents(db);
    const oldest = clock.now() - FORGET_MS;
    if (agents.some(({ lastSeenAt }) => lastSeenAt < oldest)) await dropAgents(db, oldest);
    return new Map(agents.filter(({ lastSeenAt }) => lastSeenAt >= oldest).map((agent) => [agent.id, agent]));
  }
}

/** Ids of the agents of a place whose leases run. */
function liveAt(place: string, agents: Agents, now: number): string[] {
  return [...agents.values()]
    .filter(({ location, leaseUntil }) => location === place && leaseUntil > now)
    .map(({ id }) => id)
    .sort();
}
