import type { ProbeAgent } from '@yumops/protocol';
import type { Db, Queryable } from '../../../lib/db.ts';

/** An agent as it was last heard. Times in milliseconds since the epoch. */
export interface StoredAgent {
  id: string;
  name: string;
  location: string;
  version: string;
  lastSeenAt: number;
  leaseUntil: number;
  lastSequence: number;
  waiting: number;
  dropped: number;
}

interface AgentRow {
  id: string;
  name: string;
  location: string;
  version: string;
  last_seen_at: Date;
  lease_until: Date;
  last_sequence: string;
  waiting: number;
  dropped: string;
}

/** Every agent that is on record. */
export async function loadAgents(db: Queryable): Promise<StoredAgent[]> {
  const rows = await db.query<AgentRow>('SELECT * FROM probe_agents ORDER BY location, name, id');
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    location: row.location,
    version: row.version,
    lastSeenAt: row.last_seen_at.getTime(),
    leaseUntil: row.lease_until.getTime(),
    lastSequence: Number(row.last_sequence),
    waiting: row.waiting,
    dropped: Number(row.dropped),
  }));
}

/** Stores what an agent said of itself. */
export async function storeAgent(db: Db, agent: StoredAgent): Promise<void> {
  await db.query(
    `INSERT INTO probe_agents (id, name, location, version, last_seen_at, lease_until, last_sequence, waiting, dropped)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, location = excluded.location, version = excluded.version,
       last_seen_at = excluded.last_seen_at, lease_until = excluded.lease_until,
       last_sequence = excluded.last_sequence, waiting = excluded.waiting, dropped = excluded.dropped`,
    [
      agent.id,
      agent.name,
      agent.location,
      agent.version,
      new Date(agent.lastSeenAt),
      new Date(agent.leaseUntil),
      agent.lastSequence,
      agent.waiting,
      agent.dropped,
    ],
  );
}

/** Forgets agents that were not heard since a time, milliseconds since the epoch. */
export async function dropAgents(db: Queryable, before: number): Promise<void> {
  await db.query('DELETE FROM probe_agents WHERE last_seen_at < $1', [new Date(before)]);
}

/** An agent as people see it. */
export function toProbeAgent(agent: StoredAgent, monitors: number, now: number): ProbeAgent {
  const { id, name, location, version, waiting, dropped } = agent;
  const state = agent.leaseUntil > now ? 'live' : 'away';
  return { id, name, location, version, state, monitors, waiting, dropped, lastSeenAt: iso(agent.lastSeenAt) };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
