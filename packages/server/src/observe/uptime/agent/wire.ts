import { Secret } from '../../../lib/secret.ts';
import type { CheckResult } from '../check.ts';
import type { MonitorConfig } from '../config.ts';
import type { Observation } from '../judge.ts';

/** A check as an agent reports it. Times are milliseconds since the epoch on the platform's clock. */
export interface AgentResult {
  /** Counts the results of one agent from 1. */
  sequence: number;
  id: string;
  monitorId: string;
  startedAt: number;
  endedAt: number;
  result: CheckResult;
  seen: Observation;
}

/** What an agent says each time: that it lives, what it has, and what it saw since. */
export interface SyncRequest {
  agent: { id: string; name: string; version: string };
  /** Needed with an admin's token; a probe token has its own. */
  location?: string | undefined;
  /** Of the assignment that it has; empty = none. */
  revision: string;
  /** In order. */
  results: AgentResult[];
  /** Results that wait beside these, and those that it gave up for want of room. */
  waiting: number;
  dropped: number;
  /** Why what waits would not outlive the agent; null when it would. Agents of before do not say. */
  trouble?: string | null | undefined;
  /** True when it ends: others take its share at once. */
  leaving: boolean;
}

/** What the platform answers. */
export interface SyncAnswer {
  /** The platform's clock, milliseconds since the epoch. */
  now: number;
  /** Milliseconds until others take the agent's share, unless it is heard again. */
  leaseMs: number;
  location: string;
  /** Results up to this one are stored. */
  acknowledged: number;
  revision: string;
  /** Only when the agent has another revision. */
  assignment: Assignment | null;
}

/** What an agent checks, and how. */
export interface Assignment {
  monitors: unknown[];
  targets: Readonly<Record<string, string>>;
  referenceTargets: readonly string[];
}

const SECRET_KEY = '$secret';

/**
 * A monitor as it goes to an agent: with its secrets, for the agent must send them, and without what only the platform
 * needs.
 */
export function packMonitor(monitor: MonitorConfig): unknown {
  return pack({ ...monitor, notifications: [], escalation: null, labels: {}, runbook: null });
}

/** The monitor that was packed. */
export function unpackMonitor(packed: unknown): MonitorConfig {
  return unpack(packed) as MonitorConfig;
}

function pack(value: unknown): unknown {
  if (value instanceof Secret) return { [SECRET_KEY]: value.reveal() };
  return mapParts(value, pack);
}

function unpack(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, SECRET_KEY)) {
    return new Secret(String((value as Record<string, unknown>)[SECRET_KEY]));
  }
  return mapParts(value, unpack);
}

function mapParts(value: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}
