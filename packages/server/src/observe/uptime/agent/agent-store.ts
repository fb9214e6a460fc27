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
  /** When it said goodbye, or another took its name; null while it should be heard. */
  leftAt: number | null;
  /** Why what waits would not outlive it, as it says; null when it would. */
  trouble: string | null;
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
  left_at: Date | null;
  trouble: string | null;
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
    leftAt: row.left_at?.getTime() ?? null,
    trouble: row.trouble,
  }));
}

/** Stores what an agent said of itself. */
export async function storeAgent(db: Db, agent: StoredAgent): Promise<void> {
  await db.query(
    `INSERT INTO probe_agents (id, name, location, version, last_seen_at, lease_until, last_sequence, waiting, dropped,
       left_at, trouble)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, location = excluded.location, version = excluded.version,
       last_seen_at = excluded.last_seen_at, lease_until = excluded.lease_until,
       last_sequence = excluded.last_sequence, waiting = excluded.waiting, dropped = excluded.dropped,
       left_at = excluded.left_at, trouble = excluded.trouble`,
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
      agent.leftAt === null ? null : new Date(agent.leftAt),
      agent.trouble,
    ],
  );
}

/** Ends the leases of agents of the same name and place: an agent that was started anew need not wait for its own. */
export async function endEarlierLives(db: Queryable, agent: StoredAgent): Promise<void> {
  await db.query(
    `UPDATE probe_agents SET lease_until = $4, left_at = $4
     WHERE name = $1 AND location = $2 AND id <> $3 AND (lease_until > $4 OR left_at IS NULL)`,
    [agent.name, agent.location, agent.id, new Date(agent.lastSeenAt)],
  );
}

/** Forgets one agent. @returns whether there was one */
export async function dropAgent(db: Queryable, id: string): Promise<boolean> {
  const rows = await db.query<{ location: string }>('DELETE FROM probe_agents WHERE id = $1 RETURNING location', [id]);
  return rows.length > 0;
}

/** Forgets agents that were not heard since a time, milliseconds since the epoch. */
export async function dropAgents(db: Queryable, before: number): Promise<void> {
  await db.query('DELETE FROM probe_agents WHERE last_seen_at < $1', [new Date(before)]);
}

/** An agent as people see it. */
export function toProbeAgent(agent: StoredAgent, monitors: number, now: number): ProbeAgent {
  const { id, name, location, version, waiting, dropped, trouble } = agent;
  const silent = agent.leftAt === null ? 'away' : 'left';
  const state = agent.leaseUntil > now ? 'live' : silent;
  const lastSeenAt = iso(agent.lastSeenAt);
  return { id, name, location, version, state, monitors, waiting, dropped, trouble, lastSeenAt };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
